"""The reference in docs/hosting.md, made of the commands themselves.

`python -m tests.hosting_reference` writes it anew; a test compares.
"""

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from hosting.cli import COMMANDS

PAGE = Path(__file__).parents[1] / "docs/hosting.md"
MARK = "<!-- The rest is written by `python -m tests.hosting_reference`. -->\n"


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its full name, in alphabetical order."""
    for command in sorted(COMMANDS, key=lambda command: str(command.name)):
        if isinstance(command, click.Group):
            for inner in command.commands.values():
                yield f"{command.name} {inner.name}", inner
        else:
            yield str(command.name), command


def reference() -> str:
    """Return the reference as Markdown."""
    return "\n".join(chapter(name, command) for name, command in commands())


def chapter(name: str, command: click.Command) -> str:
    """Return what one command does, how it is called, and its options."""
    text, _, example = inspect.cleandoc(command.help or "").partition("\n\nExample: ")
    arguments = [
        parameter.make_metavar(click.Context(command))
        for parameter in command.params
        if isinstance(parameter, click.Argument)
    ]
    lines = [f"### {' '.join([name, *arguments])}", "", text, "", f"    {example}", ""]
    options = [option for option in command.params if isinstance(option, click.Option)]
    lines += [
        f"- `{', '.join([*option.opts, *option.secondary_opts])}`: {option.help}"
        for option in options
    ]
    return "\n".join([*lines, ""] if options else lines)


if __name__ == "__main__":
    before = PAGE.read_text().partition(MARK)[0]
    PAGE.write_text(f"{before}{MARK}\n{reference()}")
