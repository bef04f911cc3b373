"""The documentation lists every setting, command, environment variable and page; links work."""

import re
import tomllib
from pathlib import Path

import click
import pytest

import config
from app.cli import COMMANDS, load
from tests.support.environment_variables import environment_variables
from tests.support.repository import ROOT, files

OWN_COMMANDS = [load(name) for name in COMMANDS]

LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
TABLE_NAME = re.compile(r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \|", re.MULTILINE)
CONFIGURATION = (ROOT / "docs/configuration.md").read_text()


def documented_names(text: str) -> set[str]:
    rows = TABLE_NAME.findall(text)
    return {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}


def settings() -> set[str]:
    return {name for cls in config.config.values() for name in dir(cls) if name.isupper()}


def test_documented_environment_variables_are_those_that_are_read() -> None:
    tables, _fixed = CONFIGURATION.split("## Fixed in")
    assert documented_names(tables) == environment_variables()


def test_documented_settings_are_those_of_the_configuration_classes() -> None:
    documented = documented_names(CONFIGURATION)
    assert settings() - documented == set()
    assert documented - settings() - environment_variables() == set()


def test_example_file_lists_the_environment_variables_that_are_read() -> None:
    example = (ROOT / ".env.example").read_text()
    names = re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)
    assert sorted(names) == sorted(environment_variables())


@pytest.mark.parametrize("name", sorted(config.config.keys() - {"default"}))
def test_every_configuration_class_is_documented(name: str) -> None:
    assert f"| `{config.config[name].__name__}` |" in CONFIGURATION


def commands() -> list[tuple[str, click.Command]]:
    inner = [
        (f"{group.name} {name}", command)
        for group in OWN_COMMANDS
        if isinstance(group, click.Group)
        for name, command in group.commands.items()
    ]
    return [(str(command.name), command) for command in OWN_COMMANDS] + inner


def test_readme_lists_every_command() -> None:
    readme = (ROOT / "README.md").read_text()
    listed = set(re.findall(r"^    flask ([\w-]+)", readme, re.MULTILINE))
    assert {str(command.name) for command in OWN_COMMANDS} <= listed


def test_every_command_and_option_has_a_help_text() -> None:
    for name, command in commands():
        assert command.help, name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.name}"


def anchors(page: Path) -> set[str]:
    """Return the link anchors of the headings of a page."""
    headings = re.findall(r"^#+ (.*)", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


PAGES = [ROOT / path for path in files() if path.suffix == ".md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_are_valid(page: Path) -> None:
    for name, anchor in LINK.findall(page.read_text()):
        target = (page.parent / name) if name else page
        assert target.exists(), name
        assert not anchor or anchor in anchors(target), f"{name}#{anchor}"


def linked_pages(page: Path) -> set[Path]:
    return {(page.parent / name).resolve() for name, _ in LINK.findall(page.read_text()) if name}


def test_index_links_to_every_page() -> None:
    index = ROOT / "docs/README.md"
    pages = {page for page in PAGES if page.parent.is_relative_to(index.parent)} - {index}

    assert pages - linked_pages(index) == set()


def test_deployment_page_links_to_every_target() -> None:
    targets = {page for page in PAGES if page.parent == ROOT / "docs/deploying"}

    assert targets - linked_pages(ROOT / "docs/deploying.md") == set()


def test_architecture_page_shows_the_layers_of_the_import_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = project["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")

    block = "\n".join(f"    {layer}" for layer in ["create_app", *layers])
    assert block in (ROOT / "docs/architecture.md").read_text()
