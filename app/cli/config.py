"""`flask config`: the settings as they are, where each came from, and no secret among them."""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import click
from flask import current_app
from flask.cli import with_appcontext

from ..redaction import redact, secrets_of

SECRET = re.compile(r"SECRET|PASSWORD$|TOKEN$|_KEYS?$|DSN$|CREDENTIALS?$")

# From this length on, a secret cannot be guessed and then be recognised by its digest.
LONG_ENOUGH_FOR_A_DIGEST = 20

GROUPS = {
    "Keys and sessions": r"SECRET_KEY|SESSION_|REMEMBER_|PERMANENT_|PASSWORD_HASH|WTF_",
    "Database": r"SQLALCHEMY_|DATABASE_",
    "Redis, queue and limits": r"REDIS_|QUEUE_|JOBS_|RATELIMIT_",
    "Mail": r"MAIL_|ERROR_MAIL|FLASKY_(MAIL|ERROR|ADMIN)",
    "Log and monitoring": r"FLASKY_(LOG|SYSLOG|SLOW|MONITOR|RELEASE|COMMIT)",
    "Proxies, HTTPS and headers": (
        r"FLASKY_(PROXIES|URL)|TRUSTED_|SSL_|HSTS_|CSP_|STATIC_|SERVER_NAME|PREFERRED_URL|MAX_"
    ),
    "The site": r"FLASKY_",
    "Flask and its extensions": r"",
}


class Setting(NamedTuple):
    """A setting as it may be shown."""

    name: str
    value: str
    origin: str


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@with_appcontext
def config(names: tuple[str, ...], as_json: bool) -> None:
    """Show the settings and where each came from; secrets are hidden.

    NAME is a setting or an environment variable; without any, all settings are shown. Variables
    that look misspelt are named at the end.
    """
    settings = list(_chosen(names))
    if as_json:
        click.echo(json.dumps([setting._asdict() for setting in settings], indent=2))
    elif names:
        _tell(settings)
    else:
        click.echo(f"The configuration is {current_app.extensions['origins'].chosen.__name__}.")
        for title, group in _grouped(settings):
            click.secho(f"\n{title}", bold=True)
            _tell(group)
    for sentence in current_app.extensions["origins"].unread():
        click.echo(sentence, err=True)


def _chosen(names: tuple[str, ...]) -> Iterator[Setting]:
    """Yield the settings that are asked for, all if none is; refuse a name that is no setting."""
    origins = current_app.extensions["origins"]
    found: set[str] = set()
    for name, value in sorted(current_app.config.items()):
        words = {name, *(origins.variables(name, value) if names else ())}
        if not names or words & set(names):
            found |= words
            yield Setting(name, _shown(name, value), origins.of(name, value))
    for name in names:
        if name not in found:
            raise click.ClickException(
                f"There is no setting {name!r}, and no variable of that name has set one. "
                "See all: flask config"
            )


def _grouped(settings: list[Setting]) -> Iterator[tuple[str, list[Setting]]]:
    rest = settings
    for title, pattern in GROUPS.items():
        group = [setting for setting in rest if re.match(pattern, setting.name)]
        rest = [setting for setting in rest if setting not in group]
        yield title, group


def _tell(settings: list[Setting]) -> None:
    for name, value, origin in settings:
        click.echo(f"  {name:<34} {value}  {click.style(f'({origin})', dim=True)}")


def _shown(name: str, value: Any) -> str:
    """Return `value` as text, without anything secret."""
    if value is None or value in ("", []):
        return "not set"
    if SECRET.search(name):
        return ", ".join(
            _hidden(str(one)) for one in (value if isinstance(value, list) else [value])
        )
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value))
    return redact(str(value), secrets_of(current_app.config))


def _hidden(secret: str) -> str:
    """Return what lets two places compare a secret, and nobody find it out."""
    if len(secret) < LONG_ENOUGH_FOR_A_DIGEST:
        return "set"
    digest = hashlib.sha256(secret.encode()).hexdigest()
    return f"set, {len(secret)} characters, sha256:{digest[:6]}…"
