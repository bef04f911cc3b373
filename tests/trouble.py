"""A site with pages on which its database gets into real trouble, after it has been written to."""

from threading import Barrier
from typing import Any

from flask import Flask
from sqlalchemy import text

from app.extensions import db

from .settings import make_app

PATIENCE = 30  # seconds that one request waits for the other
UPDATE = text("UPDATE marks SET name = name WHERE name = :name")

STATEMENTS = {
    "fine": "SELECT 1",
    "slow": "SELECT pg_sleep(5)",
    "locked": "SELECT name FROM marks WHERE name = 'a' FOR UPDATE",
    "cut": "SELECT pg_terminate_backend(pg_backend_pid())",
    "read-only": "SET TRANSACTION READ ONLY; INSERT INTO marks (name) VALUES ('never')",
    "missing": "SELECT 1 FROM no_such_table",
    "missing-column": "SELECT no_such_column FROM marks",
    "bug": "SELECT FROM WHERE",
}


class Trouble:
    """The site. Each page writes a mark, and must not leave it behind when it fails."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.app = make_app(SQLALCHEMY_DATABASE_URI=url, PROPAGATE_EXCEPTIONS=False, **settings)
        self.meeting = Barrier(2)
        self._add_pages(self.app)
        with self.app.app_context():
            db.session.execute(text("CREATE TABLE marks (name VARCHAR(99))"))
            db.session.execute(text("INSERT INTO marks VALUES ('a'), ('b')"))
            db.session.commit()

    def close(self) -> None:
        """Close the connections."""
        with self.app.app_context():
            db.engine.dispose()

    def marks(self) -> int:
        """Return how many marks there are: two, if none was left behind."""
        with self.app.app_context():
            return int(db.session.scalar(text("SELECT count(*) FROM marks")) or 0)

    def connections_in_use(self) -> int:
        """Return how many connections have not come back to the pool."""
        with self.app.app_context():
            pool: Any = db.engine.pool
            return int(pool.checkedout())

    def _add_pages(self, app: Flask) -> None:
        for name in STATEMENTS:
            app.add_url_rule(
                f"/trouble/{name}", f"trouble-{name}", self.run, defaults={"name": name}
            )
        app.add_url_rule("/trouble/<first>/<second>", "deadlock", self.deadlock)
        app.add_url_rule("/trouble/serial", "serial", self.serial)
        app.add_url_rule("/trouble/late", "late", self.end_late)
        app.add_url_rule("/trouble/late-bug", "late-bug", self.fail_late)
        app.add_url_rule("/trouble/full", "full", self.fill)

    def run(self, name: str) -> str:
        """Write, then do what `name` says."""
        self._write(name)
        db.session.execute(text(STATEMENTS[name]))
        db.session.commit()
        return "done"

    def deadlock(self, first: str, second: str) -> str:
        """Lock two rows, one after the other; another request asks the other way round."""
        db.session.execute(text("SET LOCAL lock_timeout = 0; SET LOCAL deadlock_timeout = 50"))
        self._write("deadlock")
        db.session.execute(UPDATE, {"name": first})
        self.meeting.wait(PATIENCE)
        db.session.execute(UPDATE, {"name": second})
        db.session.commit()
        return "done"

    def serial(self) -> str:
        """Write what depends on what another request writes in the same way."""
        db.session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
        count = db.session.scalar(text("SELECT count(*) FROM marks"))
        self.meeting.wait(PATIENCE)
        self._write(f"the mark after {count}")
        self.meeting.wait(PATIENCE)
        db.session.commit()
        return "done"

    def end_late(self) -> str:
        """Lose the connection after the last statement."""
        self._write("late")
        own = db.session.scalar(text("SELECT pg_backend_pid()"))
        with db.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:own, 5000)"), {"own": own})
        return "done"

    def fail_late(self) -> str:
        """Fail for another reason after the connection was lost."""
        self.end_late()
        raise RuntimeError("a bug")

    def fill(self) -> str:
        """Write more than the database has room for."""
        for _ in range(1000):
            self._write("x" * 99)
        db.session.commit()
        return "done"

    def _write(self, name: str) -> None:
        db.session.execute(text("INSERT INTO marks VALUES (:name)"), {"name": name})
