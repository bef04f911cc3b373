"""Several machines deploy at once: on PostgreSQL one works, and the others wait for it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import text

from app.cli.deploy import DEPLOY_LOCK
from app.extensions import db
from tests.databases import EphemeralPostgres
from tests.repository import ROOT
from tests.settings import make_app

WAITS = "Another deploy is running: waiting for it, at most"


@pytest.fixture
def site(postgres: EphemeralPostgres) -> Iterator[Flask]:
    app = make_app(SQLALCHEMY_DATABASE_URI=postgres.new_database(), FLASKY_DEPLOY_WAIT=0)
    yield app
    with app.app_context():
        db.engine.dispose()


@contextmanager
def deploying(app: Flask) -> Iterator[None]:
    """Hold the lock that a deploy holds."""
    with app.app_context(), db.engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": DEPLOY_LOCK})
        yield
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": DEPLOY_LOCK})


def start_deploy(app: Flask) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "manage.py", "deploy"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "FLASK_CONFIG": "testing",
            "TEST_DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
            "FLASKY_DEPLOY_WAIT": "60",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
def test_deploys_wait_for_one_another_and_all_succeed(site: Flask) -> None:
    with deploying(site):
        processes = [start_deploy(site) for _ in range(2)]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(f"{WAITS} 60 s.")

    said = [process.communicate(timeout=60)[0] for process in processes]

    assert [process.returncode for process in processes] == [0, 0], said
    assert sorted("up to date" in text for text in said) == [False, True], said
    assert all(text.endswith("Deployed.\n") for text in said)


def test_waiting_has_an_end(site: Flask) -> None:
    with deploying(site):
        result = site.test_cli_runner().invoke(args=["deploy"])

    assert result.exit_code == 1
    assert f"{WAITS} 0 s." in result.output
    assert "did not finish within 0 s" in result.output
    assert "pg_locks" in result.output


def test_lock_is_free_after_a_deploy(site: Flask) -> None:
    for _ in range(2):
        result = site.test_cli_runner().invoke(args=["deploy"])
        assert result.exit_code == 0
        assert WAITS not in result.output

    with site.app_context(), db.engine.connect() as connection:
        assert (
            connection.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"))
            == 0
        )
