"""Commands print database errors in one line with the next step."""

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from app.cli.reporting import count
from tests.support.app_factory import make_app
from tests.support.databases import EphemeralPostgres

COMMANDS = [
    *("users list", "users promote ann", "users delete ann"),
    *("outbox list", "outbox send", "outbox prune"),
    *("jobs list", "jobs retry --all", "jobs delete 1"),
    "tokens list ann",
    *("demo seed", "demo clear"),  # demo-only
]


def assert_one_line(result: Result, hint: str) -> None:
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.output.startswith("Error: Database error: "), result.output
    assert len(result.output.splitlines()) == 1
    assert hint in result.output


@pytest.mark.both_databases
def test_missing_tables(bare_app: Flask) -> None:
    runner = bare_app.test_cli_runner()
    for command in COMMANDS:
        assert_one_line(runner.invoke(args=command.split()), "Run: flask deploy")


@pytest.mark.postgresql
def test_missing_database(tmp_path: Path, postgres: EphemeralPostgres) -> None:
    for url in (
        f"sqlite:///{tmp_path}/missing/site.sqlite",
        "postgresql+psycopg2://user@127.0.0.1:1/site",
        postgres.url("elsewhere"),
    ):
        runner = make_app(SQLALCHEMY_DATABASE_URI=url).test_cli_runner()
        for command in ("users list", "jobs list"):
            assert_one_line(runner.invoke(args=command.split()), "Check DATABASE_URL")


def test_count_is_singular_for_one() -> None:
    assert [count(number, "user") for number in (0, 1, 2)] == ["0 users", "1 user", "2 users"]
