"""The documentation says what is so: every setting, command and environment variable."""

import re
from pathlib import Path

import click
import pytest

import config
from app.cli import COMMANDS
from tests.repository import ROOT, files

LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
TABLE_NAME = re.compile(r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \|", re.MULTILINE)
CONFIGURATION = (ROOT / "docs/configuration.md").read_text()


def documented_names(text: str) -> set[str]:
    rows = TABLE_NAME.findall(text)
    return {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}


def variables() -> set[str]:
    """Return every variable that is read: by config.py, and by gunicorn.conf.py for itself."""
    gunicorn = (ROOT / "gunicorn.conf.py").read_text()
    return config.env.names | set(re.findall(r'\benv\.\w+\("([A-Z_]+)"', gunicorn))


def settings() -> set[str]:
    return {name for cls in config.config.values() for name in dir(cls) if name.isupper()}


def test_every_environment_variable_is_documented_and_nothing_else_is() -> None:
    tables, _fixed = CONFIGURATION.split("## Fixed in")
    assert documented_names(tables) == variables()


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    documented = documented_names(CONFIGURATION)
    assert settings() - documented == set()
    assert documented - settings() - variables() == set()


def test_every_environment_variable_is_in_the_example_and_nothing_else_is() -> None:
    example = (ROOT / ".env.example").read_text()
    names = re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)
    assert sorted(names) == sorted(variables())


@pytest.mark.parametrize("name", sorted(config.config.keys() - {"default"}))
def test_every_configuration_is_documented(name: str) -> None:
    assert f"| `{config.config[name].__name__}` |" in CONFIGURATION


def commands() -> list[tuple[str, click.Command]]:
    inner = [
        (f"{group.name} {name}", command)
        for group in COMMANDS
        if isinstance(group, click.Group)
        for name, command in group.commands.items()
    ]
    return [(str(command.name), command) for command in COMMANDS] + inner


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    told = set(re.findall(r"^    flask (\w+)", readme, re.MULTILINE))
    assert {str(command.name) for command in COMMANDS} <= told


def test_every_command_and_option_has_a_help_text() -> None:
    for name, command in commands():
        assert command.help, name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.name}"


def anchors(page: Path) -> set[str]:
    """Return what the headings of a page are called in links."""
    headings = re.findall(r"^#+ (.*)", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


PAGES = [ROOT / path for path in files() if path.suffix == ".md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for name, anchor in LINK.findall(page.read_text()):
        target = (page.parent / name) if name else page
        assert target.exists(), name
        assert not anchor or anchor in anchors(target), f"{name}#{anchor}"


def test_every_road_is_in_the_table_of_roads() -> None:
    table = (ROOT / "docs/deploying.md").read_text().split("\n\n")[2]
    told = {f"docs/{name}" for name, _anchor in LINK.findall(table)}
    pages = {str(path) for path in files() if path.parent.as_posix() == "docs/deploying"}
    assert told == pages | {"docs/hosting.md"}
