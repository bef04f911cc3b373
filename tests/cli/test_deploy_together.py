"""Concurrent deploys: on PostgreSQL they wait for each other."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.cli.deploy import DEPLOY_LOCK
from app.extensions import db
from app.health.checks import Readiness
from tests.support.app_factory import make_app
from tests.support.databases import EphemeralPostgres
from tests.support.extra_migrations import add_migration
from tests.support.http_client import SiteClient
from tests.support.pgbouncer import PgBouncer
from tests.support.repository import ROOT

WAITING = "Another deploy is running; waiting for up to"

pytestmark = pytest.mark.postgresql


@pytest.fixture
def site(postgres: EphemeralPostgres) -> Iterator[Flask]:
    app = make_app(SQLALCHEMY_DATABASE_URI=postgres.new_database(), DEPLOY_LOCK_TIMEOUT=0)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def pooled(postgres: EphemeralPostgres) -> Iterator[tuple[Flask, Flask]]:
    """A site whose database is behind PgBouncer, and the same without PgBouncer."""
    url = postgres.new_database()
    with PgBouncer(postgres) as pgbouncer:
        settings: dict[str, Any] = {
            "DEPLOY_LOCK_TIMEOUT": 0,
            "DATABASE_STATEMENT_TIMEOUT": 0.0,
            "DATABASE_LOCK_TIMEOUT": 0.0,
        }
        sites = (
            make_app(SQLALCHEMY_DATABASE_URI=pgbouncer.url(url), **settings),
            make_app(SQLALCHEMY_DATABASE_URI=url, **settings),
        )
        yield sites
        for site in sites:
            with site.app_context():
                db.engine.dispose()


@contextmanager
def held_lock(app: Flask) -> Iterator[None]:
    """Hold the advisory lock of `flask deploy`."""
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
            "DEPLOY_LOCK_TIMEOUT": "60",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
def test_concurrent_deploys_wait_and_succeed(site: Flask) -> None:
    with held_lock(site):
        processes = [start_deploy(site) for _ in range(2)]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(f"{WAITING} 60 s.")

    outputs = [process.communicate(timeout=60)[0] for process in processes]

    assert [process.returncode for process in processes] == [0, 0], outputs
    assert sorted("up to date" in output for output in outputs) == [False, True], outputs
    assert all(output.endswith("Deployed.\n") for output in outputs)


def test_waiting_is_limited(site: Flask) -> None:
    with held_lock(site):
        result = site.test_cli_runner().invoke(args=["deploy"])

    assert result.exit_code == 1
    assert f"{WAITING} 0 s." in result.output
    assert "did not finish within 0 s" in result.output
    assert "pg_locks" in result.output


def test_lock_is_released_after_a_deploy(site: Flask) -> None:
    for _ in range(2):
        result = site.test_cli_runner().invoke(args=["deploy"])
        assert result.exit_code == 0
        assert WAITING not in result.output

    assert advisory_locks(site) == 0


def advisory_locks(app: Flask) -> Any:
    with app.app_context(), db.engine.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"))


def pooled_settings(app: Flask) -> set[tuple[str, str]]:
    """Return the lock and statement timeouts of the connections that PgBouncer keeps open."""
    show = "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"
    settings = set()
    with app.app_context():
        for _ in range(10):
            lock, statement = db.session.execute(text(show)).one()
            settings.add((lock, statement))
            db.session.rollback()
    return settings


def test_deploys_through_pgbouncer_leave_no_session_state(pooled: tuple[Flask, Flask]) -> None:
    site, direct = pooled
    before = pooled_settings(site)

    for _ in range(3):
        result = site.test_cli_runner().invoke(args=["deploy"])
        assert result.exit_code == 0, result.output
        assert advisory_locks(direct) == 0
        assert pooled_settings(site) == before
    assert SiteClient(site).open("/").status == 200
    assert all(result.ok for result in Readiness(site).results().values())


def test_deploys_through_pgbouncer_wait_for_each_other(pooled: tuple[Flask, Flask]) -> None:
    site, direct = pooled
    with held_lock(direct):
        result = site.test_cli_runner().invoke(args=["deploy"])

    assert result.exit_code == 1
    assert "did not finish within 0 s" in result.output


@pytest.mark.slow
def test_lock_is_kept_during_a_long_migration(postgres: EphemeralPostgres, tmp_path: Path) -> None:
    url = f"{postgres.new_database()}&options=-c%20idle_in_transaction_session_timeout%3D1s"
    site = make_app(SQLALCHEMY_DATABASE_URI=url)
    add_migration(
        site,
        tmp_path,
        """op.execute("SELECT pg_sleep(1.5)")
op.execute("SELECT 1 / count(*) FROM pg_locks WHERE locktype = 'advisory'")
with op.get_context().autocommit_block():
    op.create_index("ix_extra", "users", ["name"], postgresql_concurrently=True)""",
    )

    result = site.test_cli_runner().invoke(args=["deploy"])

    assert result.exit_code == 0, result.output
    with site.app_context():
        db.engine.dispose()
