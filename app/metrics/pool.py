"""Metrics of this process's database connection pool."""

import os
from typing import Any

from flask import Flask
from sqlalchemy import QueuePool, event
from sqlalchemy.pool import ConnectionPoolEntry

from ..extensions import db
from .definitions import DB_CONNECTIONS, DB_CONNECTIONS_MAX


def init_app(app: Flask) -> None:
    """Update the metrics when a connection of `app` changes its state."""
    with app.app_context():
        engine = db.engine

    @event.listens_for(engine, "checkout")
    def on_checkout(_connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        set_state(entry, "checked_out")
        if isinstance(engine.pool, QueuePool):
            DB_CONNECTIONS_MAX.set(engine.pool.size() + app.config["DATABASE_POOL_OVERFLOW"])

    @event.listens_for(engine, "checkin")
    def on_checkin(connection: Any, entry: ConnectionPoolEntry) -> None:
        set_state(entry, None if connection is None else "idle")  # it was broken

    @event.listens_for(engine, "close")
    @event.listens_for(engine, "detach")
    def on_close(_connection: Any, entry: ConnectionPoolEntry) -> None:
        set_state(entry, None)


def set_state(entry: ConnectionPoolEntry, state: str | None) -> None:
    """Count the connection of `entry` in its new state, which is None if it is closed.

    The entry stores the state, because SQLAlchemy also reports checkins without a checkout. The
    key is the process: after a fork, the connections belong to the parent.
    """
    states: dict[Any, str] = entry.record_info  # type: ignore[assignment]  # not None before detach
    if before := states.pop(os.getpid(), None):
        DB_CONNECTIONS.labels(before).dec()
    if state:
        states[os.getpid()] = state
        DB_CONNECTIONS.labels(state).inc()
