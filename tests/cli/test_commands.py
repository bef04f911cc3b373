"""All commands: names, help texts, `flask shell`."""

from collections.abc import Iterator

import click

from app.cli import COMMANDS, load
from tests.support.app_factory import make_app


def walk(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Yield `command` and its subcommands with their full names."""
    yield name, command
    if isinstance(command, click.Group):
        for word, subcommand in command.commands.items():
            yield from walk(subcommand, f"{name} {word}")


ALL_COMMANDS = dict(pair for name in COMMANDS for pair in walk(load(name), name))


def test_all_commands_exist() -> None:
    assert set(ALL_COMMANDS) == {
        *("config", "deploy", "test", "worker"),
        *("demo", "demo seed", "demo clear", "import-book"),
        *("jobs", "jobs list", "jobs retry", "jobs delete"),
        *("outbox", "outbox list", "outbox send", "outbox prune", "psql"),
        *("static", "static collect"),
        *("tokens", "tokens create", "tokens list", "tokens revoke"),
        *("users", "users create", "users promote", "users list", "users delete"),
        "users reset-two-factor",
    }
    cli = make_app().cli
    names = set(cli.list_commands(click.Context(cli)))
    assert {name.split()[0] for name in ALL_COMMANDS} <= names


def test_commands_and_options_have_help_texts() -> None:
    runner = make_app().test_cli_runner()
    for name, command in ALL_COMMANDS.items():
        result = runner.invoke(args=[*name.split(), "--help"])

        assert result.exit_code == 0
        assert " ".join(str(command.help).split()) in " ".join(result.output.split())
        options = [option for option in command.params if isinstance(option, click.Option)]
        assert all(option.help for option in options), name


def test_shell_imports_the_models() -> None:
    app = make_app()
    with app.app_context():
        names = app.make_shell_context()

    assert {"User", "Post", "Comment", "Role", "Permission"} <= set(names)
