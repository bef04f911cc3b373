"""Prompts. Without a terminal a missing answer is a usage error."""

import sys
from collections.abc import Iterable

import click


def is_interactive() -> bool:
    """Return True if there is a terminal, and no --no-interactive."""
    given = click.get_current_context().params
    return sys.stdin.isatty() and given.get("interactive", True)


def confirm(question: str, option: str) -> None:
    """Ask for confirmation; abort on no. `option` is what to pass without a terminal."""
    if not is_interactive():
        raise click.UsageError(f"Confirmation needed: {question}? Pass {option}.")
    click.confirm(f"{question}?", abort=True)


def choose(label: str, names: Iterable[str]) -> str | None:
    """Return the only name, or the one that the user chooses; None if there are none."""
    choice = sorted(set(names))
    if len(choice) < 2:
        return choice[0] if choice else None
    return str(click.prompt(label, type=click.Choice(choice)))


def variables() -> dict[str, str]:
    """Ask for variables until a name or a value is left empty. Values are not echoed."""
    result: dict[str, str] = {}
    while True:
        name = _line("Environment variable (enter to continue)")
        value = name and _line(f"Value of {name} (hidden; enter to skip)", hide=True)
        if not value:
            return result
        result[name] = value


def _line(label: str, *, hide: bool = False) -> str:
    return str(click.prompt(label, default="", show_default=False, hide_input=hide))
