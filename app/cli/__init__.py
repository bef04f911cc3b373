"""The `flask` commands, one module per group.

A module is imported when its command is used, so that the site does not import what only a command
needs. To remove a command, delete its module and its entry in COMMANDS.
"""

from importlib import import_module

import click
from flask import Flask
from flask.cli import AppGroup

COMMANDS = (
    "config",
    "demo",  # demo-only
    "deploy",
    "import-book",  # demo-only
    "jobs",
    "outbox",
    "psql",
    "static",
    "test",
    "tokens",
    "users",
    "worker",
)


def load(name: str) -> click.Command:
    """Import and return the command `name` of COMMANDS."""
    module = name.replace("-", "_")
    command: click.Command = getattr(import_module(f".{module}", __name__), module)
    return command


class LazyCommands(AppGroup):
    """The commands of the site, and those that extensions have added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command `cmd_name`, or None."""
        return load(cmd_name) if cmd_name in COMMANDS else super().get_command(ctx, cmd_name)


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli = LazyCommands(app.cli.name, app.cli.commands)
