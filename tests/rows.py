"""What the database holds, looked at from outside, in a session of its own."""

from typing import Any

from flask import Flask

from app.extensions import db, limiter
from app.models import User

from .databases import clean
from .factories import Person


def every_row(app: Flask) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables, without the times of visits, which move by reading."""
    with app.app_context():
        tables = {}
        for table in db.metadata.sorted_tables:
            columns = [column for column in table.columns if column.name != "last_seen"]
            found = db.session.execute(db.select(*columns))
            tables[table.name] = sorted((tuple(row) for row in found), key=repr)
        return tables


class Snapshot:
    """The rows of all tables as they are now, to be put back whatever has happened to them."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context():
            self.rows = [
                (table, [dict(row) for row in found])
                for table in db.metadata.sorted_tables
                if table.name != "roles"
                if (found := db.session.execute(db.select(table)).mappings().all())
            ]

    def put_back(self) -> None:
        """Replace all rows but the roles, and forget who has asked how often."""
        clean(self.app)
        with self.app.app_context():
            for table, rows in self.rows:
                db.session.execute(table.insert(), rows)
            db.session.commit()
            limiter.reset()


def number_of(app: Flask, model: type[Any]) -> int:
    """Return how many rows there are of `model`."""
    with app.app_context():
        return db.session.scalar(db.select(db.func.count()).select_from(model)) or 0


def value(app: Flask, person: Person, column: str) -> Any:
    """Return what the database holds of a person."""
    with app.app_context():
        user = db.session.get(User, person.id)
        return getattr(user, column) if user is not None else None


def user_named(app: Flask, username: str) -> dict[str, Any] | None:
    """Return the columns of the user of this name."""
    with app.app_context():
        user = User.with_username(username)
        return None if user is None else {c.name: getattr(user, c.name) for c in user.__table__.c}


def token_for(app: Flask, person: Person, purpose: str, seconds: int = 3600) -> str:
    """Return a token of a person, as a letter would hold it; expired if `seconds` is negative."""
    with app.app_context():
        user = db.session.get_one(User, person.id)
        if purpose == "confirm":
            return user.generate_confirmation_token(seconds)
        if purpose == "reset":
            return user.generate_reset_token(seconds)
        return user.generate_email_change_token("moved@example.com", seconds)
