"""The database of the book's application, as its migrations create it."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
)

metadata = MetaData()


def table(name: str, *columns: Column[Any]) -> Table:
    return Table(name, metadata, Column("id", Integer, primary_key=True), *columns)


roles = table(
    "roles",
    Column("name", String(64), unique=True),
    Column("default", Boolean, index=True),
    Column("permissions", Integer),
)
users = table(
    "users",
    Column("email", String(64), unique=True, index=True),
    Column("username", String(64), unique=True, index=True),
    Column("role_id", Integer, ForeignKey("roles.id")),
    Column("password_hash", String(128)),
    Column("confirmed", Boolean),
    Column("name", String(64)),
    Column("location", String(64)),
    Column("about_me", Text),
    Column("member_since", DateTime),
    Column("last_seen", DateTime),
    Column("avatar_hash", String(32)),
)
posts = table(
    "posts",
    Column("body", Text),
    Column("body_html", Text),
    Column("timestamp", DateTime, index=True),
    Column("author_id", Integer, ForeignKey("users.id")),
)
comments = table(
    "comments",
    Column("body", Text),
    Column("body_html", Text),
    Column("timestamp", DateTime, index=True),
    Column("disabled", Boolean),
    Column("author_id", Integer, ForeignKey("users.id")),
    Column("post_id", Integer, ForeignKey("posts.id")),
)
follows = Table(
    "follows",
    metadata,
    Column("follower_id", Integer, ForeignKey("users.id"), primary_key=True),
    Column("followed_id", Integer, ForeignKey("users.id"), primary_key=True),
    Column("timestamp", DateTime),
)

TIME = datetime(2014, 5, 17, 18, 30, 0, 123456)  # noqa: DTZ001 - the book stores naive times
ROLES: list[dict[str, Any]] = [
    {"id": 1, "name": "User", "default": True, "permissions": 0x07},
    {"id": 2, "name": "Moderator", "default": False, "permissions": 0x0F},
    {"id": 3, "name": "Administrator", "default": False, "permissions": 0xFF},
    {"id": 4, "name": "Editor", "default": False, "permissions": 0x84},
]


def user(user_id: int, name: str | None, **columns: Any) -> dict[str, Any]:
    """Return the row of a confirmed user."""
    defaults = dict.fromkeys(column.name for column in users.columns)
    defaults |= {"id": user_id, "username": name, "email": f"{name}@example.com", "role_id": 1}
    return defaults | {"confirmed": True, "member_since": TIME, "last_seen": TIME} | columns


def post(
    post_id: int, author_id: int | None, body: str | None = "Hello *world*"
) -> dict[str, Any]:
    return {"id": post_id, "author_id": author_id, "body": body, "timestamp": TIME}


def comment(
    comment_id: int, author_id: int | None, post_id: int | None, **columns: Any
) -> dict[str, Any]:
    row = {"id": comment_id, "author_id": author_id, "post_id": post_id, "body": "Well."}
    return row | {"timestamp": TIME, "disabled": None} | columns


def create(url: str, **rows: list[dict[str, Any]]) -> None:
    """Create the tables in an empty database, and insert rows into these tables."""
    engine = create_engine(url.replace("postgres://", "postgresql+psycopg2://"))
    metadata.create_all(engine)
    with engine.begin() as connection:
        for name, values in {"roles": ROLES, **rows}.items():
            if values:
                connection.execute(metadata.tables[name].insert(), values)
    engine.dispose()
