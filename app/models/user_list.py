"""The list of users for administrators: its query, a search by prefix, and their indexes."""

from typing import Any

from sqlalchemy import ColumnElement, Index, func, literal_column, select, text, union

from ..extensions import db
from .role import Role
from .types import Rows
from .user import User

UNCONFIRMED, SUSPENDED = text("NOT confirmed"), text("suspended_at IS NOT NULL")

# PostgreSQL finds prefixes by these operators, whatever the collation of the database is.
PREFIX = "text_pattern_ops"
USERNAME: Any = func.lower(User.username)

Index("ix_users_newest", User.member_since, User.id)
Index("ix_users_role_newest", User.role_id, User.member_since, User.id)
for status, where in {"unconfirmed": UNCONFIRMED, "suspended": SUSPENDED}.items():
    options: Any = {"postgresql_where": where, "sqlite_where": where}
    Index(f"ix_users_{status}", User.member_since, User.id, **options)
for name, column in {"username": USERNAME.label("username"), "email": User.email}.items():
    Index(f"ix_users_{name}_prefix", column, postgresql_ops={name: PREFIX})


def rows() -> Rows:
    """Return the columns of users; `timestamp` is the time of the registration."""
    columns = User.id, *User.byline(), User.email, User.confirmed
    times = User.member_since.label("timestamp"), User.last_seen, User.suspended_at
    users = select(*columns, *times, Role.name.label("role")).outerjoin(Role)
    return users.where(User.deleted_at.is_(None))


def search_rows(prefix: str, limit: int, *conditions: ColumnElement[bool]) -> Rows:
    """Return the same for users whose username or email address starts with `prefix`, sorted.

    These are the first `limit` users by username, of the first ones by username and by address.
    """
    first = first_by_prefix(prefix, (USERNAME, User.email), limit, *conditions)
    return rows().where(User.id.in_(first)).order_by(USERNAME).limit(limit)


def first_by_prefix(
    prefix: str, columns: tuple[Any, ...], limit: int, *conditions: ColumnElement[bool]
) -> Any:
    """Return the ids of the first `limit` users by each of `columns` that starts with `prefix`."""
    first = [
        select(User.id)
        .where(column.startswith(prefix.lower(), autoescape=True), *conditions)
        .where(User.deleted_at.is_(None))
        .order_by(_byte_order(column))
        .limit(limit)
        .subquery()
        for column in columns
    ]
    return union(*(select(ids.c.id) for ids in first))


def _byte_order(column: Any) -> Any:
    """Return the order of the indexes above: that of the bytes, as on SQLite."""
    if db.engine.dialect.name != "postgresql":
        return column
    return column.op("USING")(literal_column("~<~"))
