"""Every command explains itself; `flask test` and `flask routes` do what they are known for."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import Result
from flask import Flask

from app.cli import COMMANDS
from tests.databases import EphemeralPostgres
from tests.settings import make_app


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Yield `command` and all below it, each with the words that call it."""
    yield name, command
    if isinstance(command, click.Group):
        for word, below in command.commands.items():
            yield from commands(below, f"{name} {word}")


OURS = {name: command for top in COMMANDS for name, command in commands(top, str(top.name))}


def test_no_command_is_missing() -> None:
    assert set(OURS) == {
        *("config", "deploy", "test", "worker"),
        *("users", "demo", "mail", "jobs", "static"),
        *("users create", "users promote", "users list", "users delete"),
        "users prune",
        *("demo seed", "demo clear", "mail deliver", "mail list"),
        "mail prune",
        *("jobs list", "jobs retry", "jobs forget", "static collect"),
        *("tokens", "tokens create", "tokens list", "tokens revoke"),
    }
    assert {name.split()[0] for name in OURS} <= set(make_app().cli.commands)


@pytest.fixture(scope="module")
def site() -> Flask:
    return make_app()


@pytest.mark.parametrize("name", OURS)
def test_command_explains_itself_and_its_options(site: Flask, name: str) -> None:
    command = OURS[name]

    result = site.test_cli_runner().invoke(args=[*name.split(), "--help"])

    assert result.exit_code == 0
    assert " ".join(str(command.help).split()) in " ".join(result.output.split())
    options = [option for option in command.params if isinstance(option, click.Option)]
    assert all(option.help for option in options), options


def call_pytest_alone(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let pytest find nothing but what is in `folder`, and load nothing but what it needs."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--disable-plugin-autoload -p pytest_cov.plugin")


@pytest.mark.parametrize(
    ("body", "arguments", "code"),
    [
        ("assert True", [], 0),
        ("assert False", [], 1),
        ("assert True", ["-k", "nothing_of_this_name"], 5),
        ("assert True", ["--no-such-option"], 4),
    ],
    ids=["passes", "fails", "finds nothing", "is called wrongly"],
)
def test_tests_are_run_and_their_exit_code_is_passed_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    body: str,
    arguments: list[str],
    code: int,
) -> None:
    (tmp_path / "test_it.py").write_text(f"def test_it():\n    {body}\n")
    call_pytest_alone(monkeypatch, tmp_path)

    result = make_app().test_cli_runner().invoke(args=["test", "--", *arguments, str(tmp_path)])

    assert result.exit_code == code, capfd.readouterr()


def test_coverage_is_measured_when_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n")
    call_pytest_alone(monkeypatch, tmp_path)
    runner = make_app().test_cli_runner()

    runner.invoke(args=["test", "--", str(tmp_path)])
    assert not (tmp_path / ".coverage").exists()

    runner.invoke(args=["test", "--coverage", "--", str(tmp_path)])
    assert (tmp_path / ".coverage").exists()


def test_shell_knows_the_models() -> None:
    app = make_app()
    with app.app_context():
        known = app.make_shell_context()

    assert {"User", "Post", "Comment", "Role", "Permission"} <= set(known)


DATABASE_COMMANDS = [
    ["users", "list"],
    ["users", "promote", "ann"],
    ["users", "delete", "ann"],
    ["users", "prune"],
    ["mail", "list"],
    ["mail", "deliver"],
    ["mail", "prune"],
    ["demo", "seed"],
    ["demo", "clear"],
]


def expect_one_line(result: Result, told: str) -> None:
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.output.startswith("Error: The database cannot be used: "), result.output
    assert len(result.output.splitlines()) == 1
    assert told in result.output


@pytest.mark.parametrize("words", DATABASE_COMMANDS, ids=" ".join)
def test_database_without_tables_is_told_in_one_line(bare_app: Flask, words: list[str]) -> None:
    expect_one_line(bare_app.test_cli_runner().invoke(args=words), "Run: flask deploy")


def test_database_of_another_name_is_not_blamed_on_migrations(postgres: EphemeralPostgres) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=postgres.url("elsewhere"))
    expect_one_line(app.test_cli_runner().invoke(args=["users", "list"]), "Look at DATABASE_URL")


URLS = {
    "sqlite": "sqlite:////no/such/folder/site.sqlite",
    "postgresql": "postgresql+psycopg2://nobody@127.0.0.1:1/site",
}


@pytest.fixture(scope="module", params=URLS.values(), ids=list(URLS))
def site_without_database(request: pytest.FixtureRequest) -> Flask:
    return make_app(SQLALCHEMY_DATABASE_URI=request.param)


@pytest.mark.parametrize("words", DATABASE_COMMANDS, ids=" ".join)
def test_database_that_is_not_there_is_told_in_one_line(
    site_without_database: Flask, words: list[str]
) -> None:
    expect_one_line(
        site_without_database.test_cli_runner().invoke(args=words), "Look at DATABASE_URL"
    )
