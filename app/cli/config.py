"""`flask config`: the settings in effect and their sources, without secrets."""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

import click
from dotenv import dotenv_values
from flask import current_app
from flask.cli import with_appcontext

from ..logs.redaction import redact, secrets_in

SECRET = re.compile(r"SECRET|PASSWORD$|TOKEN$|_KEYS?$|DSN$|CREDENTIALS?$")

# The digest of a shorter secret could be found by brute force.
MIN_LENGTH_FOR_DIGEST = 20
MIN_SIMILARITY = 0.85  # of two names, if one is probably a misspelling of the other


class Setting(NamedTuple):
    """A setting for display."""

    name: str
    value: str
    origin: str


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def config(names: tuple[str, ...], as_json: bool) -> None:
    """Show settings and where they are set. Secrets are hidden.

    NAME is a setting or an environment variable (default: all settings). Environment variables
    that look misspelled are listed on stderr.
    """
    settings = sorted(_select(names), key=lambda setting: setting.origin.startswith("Flask"))
    if as_json:
        click.echo(json.dumps([setting._asdict() for setting in settings], indent=2))
    else:
        if not names:
            click.echo(f"Configuration: {current_app.extensions['configuration'].__name__}")
        for name, value, origin in settings:
            click.echo(f"  {name:<34} {value}  {click.style(f'({origin})', dim=True)}")
    for warning in _unknown_variables():
        click.echo(warning, err=True)


def _select(names: tuple[str, ...]) -> Iterator[Setting]:
    """Yield the settings for `names`, or all; raise ClickException for an unknown name."""
    unknown = set(names)
    for name, value in sorted(current_app.config.items()):
        variable = _variable(name, value)
        if not names or {name, variable} & set(names):
            unknown -= {name, variable}
            yield Setting(name, _display(name, value), _origin(name, value, variable))
    for name in sorted(unknown):
        raise click.ClickException(
            f"No setting {name!r}, and none that comes from an environment variable of that name. "
            "List all settings: flask config"
        )


def _variable(name: str, value: Any) -> str | None:
    """Return the environment variable that has this value, or None."""
    values = current_app.extensions["environment"].values
    if name in values and values[name] == value:
        return name
    return next((x for x, text in values.items() if text is value and isinstance(text, str)), None)


def _origin(name: str, value: Any, variable: str | None) -> str:
    """Return where the setting got its value."""
    if variable:
        return f"{variable} in {_location(variable)}"
    configuration = current_app.extensions["configuration"]
    for cls in configuration.__mro__:
        if name in vars(cls) and vars(cls)[name] == value:
            return f"{cls.__name__} in config.py"
    return "the application" if hasattr(configuration, name) else "Flask or an extension"


def _location(variable: str) -> str:
    """Return where `variable` is set: the file that it names, `.env` or the environment."""
    file = current_app.extensions["environment"].files.get(variable)
    if file:
        return str(file)
    path = Path(current_app.root_path).parent / ".env"
    is_in_file = dotenv_values(path).get(variable) == os.environ.get(variable)
    return ".env" if is_in_file else "the environment"


def _unknown_variables() -> Iterator[str]:
    """Yield a sentence for each variable that is set and is probably misspelled."""
    names = current_app.extensions["environment"].names
    known = sorted(names | {f"{name}_FILE" for name in names})
    for name in sorted(os.environ.keys() - known):
        similar = get_close_matches(name, known, 1, MIN_SIMILARITY)
        if os.environ[name].strip() and (similar or name.startswith("FLASKY_")):
            hint = f" Did you mean {similar[0]}?" if similar else ""
            yield f"{name} is set, but is not a setting.{hint}"


def _display(name: str, value: Any) -> str:
    """Return `value` as text, with secrets masked."""
    if value is None or value in ("", []):
        return "not set"
    if SECRET.search(name):
        return ", ".join(
            _mask(str(secret)) for secret in (value if isinstance(value, list) else [value])
        )
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value))
    return redact(str(value), secrets_in(current_app.config))


def _mask(secret: str) -> str:
    """Return text by which you can compare a secret on two machines."""
    if len(secret) < MIN_LENGTH_FOR_DIGEST:
        return "set"
    digest = hashlib.sha256(secret.encode()).hexdigest()
    return f"set, {len(secret)} characters, sha256:{digest[:6]}…"
