"""Read and restore database rows, each in a session of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event

from app.extensions import db, limiter
from app.models import EmailChange, Passkey, Report, Target, User
from tests.support.databases import clear_database
from tests.support.factories import UserData


def all_rows(app: Flask) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables, without the columns that GET requests update."""
    with app.app_context():
        tables = {}
        for table in db.metadata.sorted_tables:
            updated = {"last_seen", "last_used_at", "network"}
            columns = [column for column in table.columns if column.name not in updated]
            rows = db.session.execute(db.select(*columns))
            tables[table.name] = sorted((tuple(row) for row in rows), key=repr)
        return tables


class Snapshot:
    """A copy of all rows except the roles."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context():
            self.rows = [
                (table, [dict(row) for row in rows])
                for table in db.metadata.sorted_tables
                if table.name != "roles"
                if (rows := db.session.execute(db.select(table)).mappings().all())
            ]

    def restore(self) -> None:
        """Replace all rows except the roles, and reset the rate limits."""
        clear_database(self.app)
        with self.app.app_context():
            for table, rows in self.rows:
                db.session.execute(table.insert(), rows)
            db.session.commit()
            reset_rate_limits()


def reset_rate_limits() -> None:
    """Forget all hits."""
    limiter.reset()


def count_rows(app: Flask, model: type[Any]) -> int:
    """Return the number of rows of `model`."""
    with app.app_context():
        return db.session.scalar(db.select(db.func.count()).select_from(model)) or 0


def user_column(app: Flask, user: UserData, column: str) -> Any:
    """Return a column of a user, or None if the user does not exist."""
    with app.app_context():
        row = db.session.get(User, user.id)
        return getattr(row, column) if row is not None else None


def user_row(app: Flask, username: str) -> dict[str, Any] | None:
    """Return all columns of the user with this username, or None."""
    with app.app_context():
        user = User.find_by_username(username)
        return None if user is None else {c.name: getattr(user, c.name) for c in user.__table__.c}


def add_passkey(app: Flask, user: UserData, name: str = "data") -> int:
    """Add a passkey that no device has; return its id."""
    with app.app_context():
        columns = {"credential_id": name.encode(), "public_key": b"", "sign_count": 0}
        row = Passkey(user_id=user.id, name=name, **columns)
        db.session.add(row)
        db.session.commit()
        return row.id


def add_report(app: Flask, reporter: UserData, user: UserData, **columns: str) -> int:
    """Report `user`, or the `row_id` of another `kind` of theirs; return the id of the item."""
    columns = {"kind": "user", "row_id": str(user.id), "reason": "spam", "text": "", **columns}
    with app.app_context():
        target = Target(columns["kind"], int(columns["row_id"]), user.id)
        row = db.session.get_one(User, reporter.id)
        Report.file(row, target, columns["reason"], columns["text"])
        db.session.commit()
        return (
            db.session.scalars(db.select(Report.item_id).order_by(Report.id.desc())).first() or 0
        )


def token_for(app: Flask, user: UserData, purpose: str, seconds: int = 3600) -> str:
    """Return a token as sent by email, for the purpose of the same name."""
    with app.app_context():
        row = db.session.get_one(User, user.id)
        if purpose == "confirm":
            return row.generate_confirmation_token(seconds)
        if purpose == "reset":
            return row.generate_reset_token(seconds)
        if purpose == "change_email":
            return row.generate_email_change_token("moved@example.com", seconds)
        # demo-only: begin
        if purpose == "unsubscribe":
            return row.generate_unsubscribe_token()
        # demo-only: end
        change = EmailChange.record(row, f"old-{row.email}")
        db.session.commit()
        return change.generate_restore_token()


@contextmanager
def record_rows(app: Flask) -> Iterator[list[int]]:
    """Collect the number of rows of each statement."""
    rows: list[int] = []

    def record(_connection: Any, cursor: Any, *_rest: Any) -> None:
        rows.append(cursor.rowcount)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "after_cursor_execute", record)
    yield rows
    event.remove(engine, "after_cursor_execute", record)
