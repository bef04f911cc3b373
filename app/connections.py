"""How many connections to the database the pool of this process has, and how many are in use.

SQLAlchemy tells when a connection is taken, given back and closed. It is remembered which, not
added up: a connection that breaks is not always told of in pairs.
"""

import os
import threading
from typing import Any

from flask import Flask
from sqlalchemy import Engine, QueuePool, event

from .extensions import db
from .meters import DATABASE_CONNECTIONS, DATABASE_LIMIT

CHECKED_OUT = DATABASE_CONNECTIONS.labels("checked_out")
IDLE = DATABASE_CONNECTIONS.labels("idle")
OVERFLOW = DATABASE_CONNECTIONS.labels("overflow")


def init_app(app: Flask) -> None:
    """Watch the pool of `app`."""
    with app.app_context():
        Watch(db.engine, app.config["DATABASE_POOL_OVERFLOW"])


class Watch:
    """Keeps the meters at what the pool of `engine` tells."""

    def __init__(self, engine: Engine, most_overflow: int) -> None:
        self.engine = engine
        self.most_overflow = most_overflow
        self._lock = threading.Lock()
        self._forget()
        for name in ("checkout", "checkin", "close", "detach"):
            event.listen(engine, name, getattr(self, f"on_{name}"))

    def on_checkout(self, _connection: Any, record: Any, _proxy: Any) -> None:
        """Note that a connection is in use; a new one is told of here for the first time."""
        with self._own():
            self._open.add(id(record))
            self._out.add(id(record))
            self._show()

    def on_checkin(self, _connection: Any, record: Any) -> None:
        """Note that a connection has been given back, or what is left of it if it broke."""
        with self._own():
            self._out.discard(id(record))
            self._show()

    def on_close(self, _connection: Any, record: Any) -> None:
        """Note that a connection is no more."""
        with self._own():
            self._open.discard(id(record))
            self._out.discard(id(record))
            self._show()

    def on_detach(self, connection: Any, record: Any) -> None:
        """Note that somebody has taken a connection out of the pool for good."""
        self.on_close(connection, record)

    def _own(self) -> threading.Lock:
        """Return the lock; after a fork, forget the parent's connections first."""
        if self._process != os.getpid():
            self._forget()
        return self._lock

    def _forget(self) -> None:
        self._process = os.getpid()
        self._open: set[int] = set()
        self._out: set[int] = set()
        self._shown = -1

    def _show(self) -> None:
        opened = len(self._open)
        CHECKED_OUT.set(len(self._out))
        IDLE.set(opened - len(self._out))
        pool = self.engine.pool
        if opened != self._shown and isinstance(pool, QueuePool):
            self._shown = opened
            OVERFLOW.set(max(0, opened - pool.size()))
            DATABASE_LIMIT.set(pool.size() + self.most_overflow)
