"""A site with endpoints that cause real database errors after they have written a row."""

from threading import Barrier
from typing import Any

from flask import Flask
from sqlalchemy import text

from app.extensions import db
from tests.support.app_factory import make_app

TIMEOUT = 30  # seconds that concurrent requests wait for each other
UPDATE = text("UPDATE items SET name = name WHERE name = :name")

STATEMENTS = {
    "ok": "SELECT 1",
    "slow": "SELECT pg_sleep(5)",
    "locked": "SELECT name FROM items WHERE name = 'a' FOR UPDATE",
    "disconnect": "SELECT pg_terminate_backend(pg_backend_pid())",
    "read-only": "SET TRANSACTION READ ONLY; INSERT INTO items (name) VALUES ('x')",
    "missing-table": "SELECT 1 FROM no_such_table",
    "missing-column": "SELECT no_such_column FROM items",
    "values": "INSERT INTO no_such_table VALUES (:name)",
    "syntax": "SELECT FROM WHERE",
}
SECRET = "a secret value"


class DatabaseFaultSite:
    """The site. Every endpoint inserts an item, which must be rolled back if it fails."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.app = make_app(SQLALCHEMY_DATABASE_URI=url, PROPAGATE_EXCEPTIONS=False, **settings)
        self.barrier = Barrier(2)
        self._add_endpoints(self.app)
        with self.app.app_context():
            db.session.execute(text("CREATE TABLE items (name VARCHAR(99))"))
            db.session.execute(text("INSERT INTO items VALUES ('a'), ('b')"))
            db.session.commit()

    def close(self) -> None:
        """Close all connections."""
        with self.app.app_context():
            db.engine.dispose()

    def added_items(self) -> list[str]:
        """Return the names of the items that requests have committed."""
        with self.app.app_context():
            query = text("SELECT name FROM items WHERE name NOT IN ('a', 'b')")
            return list(db.session.scalars(query))

    def delete_added_items(self) -> None:
        """Delete the items that requests have committed."""
        with self.app.app_context():
            db.session.execute(text("DELETE FROM items WHERE name NOT IN ('a', 'b')"))
            db.session.commit()

    def connections_in_use(self) -> int:
        """Return the number of connections that were not returned to the pool."""
        with self.app.app_context():
            pool: Any = db.engine.pool
            return int(pool.checkedout())

    def _add_endpoints(self, app: Flask) -> None:
        for name in STATEMENTS:
            app.add_url_rule(
                f"/fault/{name}", f"fault-{name}", self.execute, defaults={"name": name}
            )
        app.add_url_rule("/fault/<first>/<second>", "deadlock", self.deadlock)
        app.add_url_rule("/fault/serialization", "serialization", self.serialization)
        app.add_url_rule("/fault/late-disconnect", "late-disconnect", self.late_disconnect)
        app.add_url_rule("/fault/late-bug", "late-bug", self.late_bug)
        app.add_url_rule("/fault/full", "full", self.fill)

    def execute(self, name: str) -> str:
        """Execute the statement `name`."""
        self._insert(name)
        db.session.execute(text(STATEMENTS[name]), {"name": SECRET} if name == "values" else {})
        db.session.commit()
        return "done"

    def deadlock(self, first: str, second: str) -> str:
        """Lock two rows in this order; a concurrent request locks them in the reverse order."""
        db.session.execute(text("SET LOCAL lock_timeout = 0; SET LOCAL deadlock_timeout = 50"))
        self._insert("deadlock")
        db.session.execute(UPDATE, {"name": first})
        self.barrier.wait(TIMEOUT)
        db.session.execute(UPDATE, {"name": second})
        db.session.commit()
        return "done"

    def serialization(self) -> str:
        """Write a value that depends on what a concurrent request writes."""
        db.session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
        count = db.session.scalar(text("SELECT count(*) FROM items"))
        self.barrier.wait(TIMEOUT)
        self._insert(f"item {count}")
        self.barrier.wait(TIMEOUT)
        db.session.commit()
        return "done"

    def late_disconnect(self) -> str:
        """Lose the connection after the last statement."""
        self._insert("late")
        pid = db.session.scalar(text("SELECT pg_backend_pid()"))
        with db.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        return "done"

    def late_bug(self) -> str:
        """Raise an exception after the connection was lost."""
        self.late_disconnect()
        raise RuntimeError("a bug")

    def fill(self) -> str:
        """Insert more than the database has room for."""
        for _ in range(1000):
            self._insert("x" * 99)
        db.session.commit()
        return "done"

    def _insert(self, name: str) -> None:
        db.session.execute(text("INSERT INTO items VALUES (:name)"), {"name": name})
