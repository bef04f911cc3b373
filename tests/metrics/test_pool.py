"""Metrics of the connection pool."""

import gc
import os
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.extensions import db
from tests.support.app_factory import make_app
from tests.support.databases import EphemeralPostgres
from tests.support.metrics import Scrape

OPTIONS: dict[str, Any] = {"pool_size": 2, "max_overflow": 2, "pool_pre_ping": True}


@pytest.fixture
def app(postgres: EphemeralPostgres) -> Flask:
    return make_pooled_app(postgres)


def make_pooled_app(postgres: EphemeralPostgres) -> Flask:
    gc.collect()  # else the connections of other tests could be closed later, and counted
    return make_app(
        SQLALCHEMY_DATABASE_URI=postgres.new_database(),
        SQLALCHEMY_ENGINE_OPTIONS=OPTIONS,
        DATABASE_POOL_SIZE=2,
        DATABASE_POOL_OVERFLOW=2,
    )


class States:
    """Changes since its creation: connections that are checked out, and idle ones."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.before = Scrape(app)

    def now(self) -> tuple[float, ...]:
        scrape = Scrape(self.app)
        name = "flasky_db_connections"
        return tuple(
            scrape.value(name, state=state) - self.before.value(name, state=state)
            for state in ("checked_out", "idle")
        )


def test_connections_of_the_pool_are_counted(app: Flask) -> None:
    states = States(app)
    with app.app_context():
        connections = [db.engine.connect() for _ in range(3)]
        assert states.now() == (3, 0)

        connections.pop().close()
        connections.pop().close()
        assert states.now() == (1, 2)

        connections[0].execute(text("SELECT 1"))
        connections[0].invalidate()
        assert states.now() == (0, 2)
        connections.pop().close()
        assert states.now() == (0, 2)

        db.engine.dispose()
        assert states.now() == (0, 0)
        assert Scrape(app).value("flasky_db_connections_max") == 4


@pytest.mark.slow
def test_lost_connections_are_not_counted() -> None:
    with EphemeralPostgres() as postgres:
        app = make_pooled_app(postgres)
        states = States(app)
        with app.app_context():
            connections = [db.engine.connect() for _ in range(3)]
            connections.pop().detach()
            connections.pop().close()
            assert states.now() == (1, 1)

            postgres.stop("immediate")
            with pytest.raises(DBAPIError):
                connections.pop().execute(text("SELECT 1"))
            for _ in range(3):
                with pytest.raises(DBAPIError):
                    db.engine.connect()
            assert states.now() == (0, 0)

            postgres.start()
            for idle in (0, 1, 1):
                with db.engine.connect():
                    assert states.now() == (1, idle)


def test_connections_of_the_parent_process_are_not_counted(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = States(app)
    with app.app_context():
        connection = db.engine.connect()
        with monkeypatch.context() as child:
            child.setattr(os, "getpid", lambda: 1)
            connection.invalidate()
        assert states.now() == (1, 0)
