"""Asking who types. Where nobody sits at a terminal, a missing answer is a wrong use."""

import sys
from collections.abc import Iterable

import click


def is_anybody_there() -> bool:
    """Tell whether there is somebody who can be asked, and wants to be."""
    given = click.get_current_context().params
    return sys.stdin.isatty() and given.get("interactive", True)


def agreed(question: str, option: str) -> None:
    """Go on if somebody agrees."""
    if not is_anybody_there():
        raise click.UsageError(f"Nobody is there to be asked: {question}? Say {option}.")
    click.confirm(question, abort=True)


def one_of(what: str, names: Iterable[str]) -> str | None:
    """Return the only one there is, if any, or the one that somebody chooses."""
    choice = sorted(set(names))
    if len(choice) < 2:
        return choice[0] if choice else None
    return str(click.prompt(what, type=click.Choice(choice)))


def variables() -> dict[str, str]:
    """Ask for variables, until a name or a value is left out. What is typed is not shown."""
    found: dict[str, str] = {}
    while True:
        name = _line("Environment variable (enter to go on)")
        value = name and _line(f"Value of {name} (not shown; enter to leave it out)", hide=True)
        if not value:
            return found
        found[name] = value


def _line(question: str, *, hide: bool = False) -> str:
    return str(click.prompt(question, default="", show_default=False, hide_input=hide))
