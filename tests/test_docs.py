"""The documentation says what is so: every setting, command and environment variable."""

import re
from pathlib import Path

import click
import pytest
from flask import Flask

import config
from app import create_app

ROOT = Path(__file__).parent.parent
TABLE_NAME = re.compile(r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \|", re.MULTILINE)
CONFIGURATION = (ROOT / "docs/configuration.md").read_text()


def documented_names(text: str) -> set[str]:
    rows = TABLE_NAME.findall(text)
    return {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}


def settings() -> set[str]:
    return {name for cls in config.config.values() for name in dir(cls) if name.isupper()}


def test_every_environment_variable_is_documented_and_nothing_else_is() -> None:
    variables, _fixed = CONFIGURATION.split("## Fixed in")
    assert documented_names(variables) == config.environment_names


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    documented = documented_names(CONFIGURATION)
    assert settings() - documented == set()
    assert documented - settings() - config.environment_names == set()


def test_every_environment_variable_is_in_the_example_and_nothing_else_is() -> None:
    example = (ROOT / ".env.example").read_text()
    names = re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)
    assert sorted(names) == sorted(config.environment_names)


@pytest.mark.parametrize("name", sorted(config.config.keys() - {"default"}))
def test_every_configuration_is_documented(name: str) -> None:
    assert f"| `{config.config[name].__name__}` |" in CONFIGURATION


def commands(app: Flask) -> list[tuple[str, click.Command]]:
    own = [app.cli.commands[name] for name in ("deploy", "users", "demo", "mail", "test")]
    inner = [
        (f"{group.name} {name}", command)
        for group in own
        if isinstance(group, click.Group)
        for name, command in group.commands.items()
    ]
    return [(str(command.name), command) for command in own] + inner


def test_every_command_and_option_has_a_help_text() -> None:
    for name, command in commands(create_app("testing")):
        assert command.help, name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.name}"
