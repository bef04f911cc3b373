"""The schema in the database: indexes, constraint names, column widths."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Inspector, delete, inspect
from werkzeug.security import generate_password_hash

import config
from app.extensions import db
from app.models import (
    AccessToken,
    Comment,
    EmailChange,
    FormerUsername,
    HiddenUser,
    IdempotencyKey,
    Identity,
    Job,
    LoginSession,
    Notification,
    OutboxEmail,
    Passkey,
    Post,
    Report,
    ReportedItem,
    Role,
    SecurityEvent,
    User,
    utcnow,
)
from tests.models.users import create_user

pytestmark = [
    pytest.mark.usefixtures("context"),
    pytest.mark.both_databases,
    # SQLAlchemy cannot reflect expression indexes on SQLite; no test here needs them.
    pytest.mark.filterwarnings("ignore:.*expression-based index"),
]


@pytest.fixture
def inspector(context: None) -> Inspector:
    return inspect(db.engine)


def indexes(inspector: Inspector, table: str) -> list[list[str | None]]:
    """Return the columns of each index of `table`, the primary key included."""
    columns: list[list[str | None]] = [
        index["column_names"] for index in inspector.get_indexes(table)
    ]
    return [*columns, list(inspector.get_pk_constraint(table)["constrained_columns"])]


def test_every_foreign_key_has_an_index(inspector: Inspector) -> None:
    keys = [
        (table, key["constrained_columns"])
        for table in inspector.get_table_names()
        for key in inspector.get_foreign_keys(table)
    ]
    without_index = [
        (table, columns)
        for table, columns in keys
        if not any(index[: len(columns)] == columns for index in indexes(inspector, table))
    ]

    assert len(keys) >= 5
    assert without_index == []


@pytest.mark.slow
def test_password_column_is_wide_enough(
    app: Flask, inspector: Inspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    [column] = [c for c in inspector.get_columns("users") if c["name"] == "password_hash"]
    width: Any = getattr(column["type"], "length", None)
    methods = [config.Config.PASSWORD_HASH_METHOD, "scrypt", "pbkdf2"]

    assert all(len(generate_password_hash("x" * 256, method or "")) <= width for method in methods)

    monkeypatch.setitem(app.config, "PASSWORD_HASH_METHOD", config.Config.PASSWORD_HASH_METHOD)
    assert create_user(password="x" * 256).verify_password("x" * 256)


def test_every_constraint_has_a_name_that_a_migration_can_drop(inspector: Inspector) -> None:
    names = [
        constraint["name"]
        for table in inspector.get_table_names()
        for constraint in (
            *inspector.get_foreign_keys(table),
            *inspector.get_unique_constraints(table),
        )
    ]

    assert names
    assert all(name and name.split("_")[0] in {"fk", "uq"} for name in names), names


def reported_item(user: User, saved: bool = False) -> ReportedItem:
    row_id = db.session.query(ReportedItem).count()
    item = ReportedItem(kind="user", row_id=row_id, user_id=user.id, reason="spam")
    if saved:
        db.session.add(item)
        db.session.flush()
    return item


ROWS: dict[type[Any], Callable[[User], Any]] = {
    Role: lambda _user: Role(name="Guest"),
    User: lambda _user: User(username="bob", email="bob@example.com"),
    Post: lambda user: Post(body="x", author=user),
    Comment: lambda user: Comment(body="x", author=user, post=Post(body="y", author=user)),
    Notification: lambda user: Notification(user_id=user.id, kind="x", row_id=user.id),
    AccessToken: lambda user: AccessToken.issue(user, "x", days=1)[0],
    LoginSession: lambda user: LoginSession(
        user_id=user.id, digest="x", security_stamp="x", expires_at=utcnow()
    ),
    SecurityEvent: lambda user: SecurityEvent(
        name="x", user_id=user.id, username="x", expires_at=utcnow()
    ),
    FormerUsername: lambda user: FormerUsername(
        user_id=user.id, username="x", expires_at=utcnow()
    ),
    HiddenUser: lambda user: HiddenUser(user_id=user.id, hidden_id=user.id, kind="mute"),
    Passkey: lambda user: Passkey(
        user_id=user.id, name="x", credential_id=b"x", public_key=b"x", sign_count=0
    ),
    ReportedItem: reported_item,
    Report: lambda user: Report(item_id=reported_item(user, saved=True).id, reason="spam"),
    EmailChange: lambda user: EmailChange.record(user, "old@example.com"),
    IdempotencyKey: lambda user: IdempotencyKey(user_id=user.id, key="x", fingerprint="x"),
    Identity: lambda user: Identity(user_id=user.id, issuer="x", subject="x", email="x"),
    Job: lambda _user: Job(name="x", arguments=[]),
    OutboxEmail: lambda _user: OutboxEmail(recipient="", subject="", body_text="", body_html=""),
}


def test_every_table_with_an_id_is_tested() -> None:
    tables = {table.name for table in db.metadata.sorted_tables if "id" in table.columns}
    assert {model.__tablename__ for model in ROWS} == tables


@pytest.mark.parametrize("model", ROWS, ids=lambda model: model.__name__)
def test_id_of_a_deleted_row_is_not_reused(model: type[Any]) -> None:
    user, ids = create_user(), []
    for _ in range(2):
        row = ROWS[model](user)
        db.session.add(row)
        db.session.commit()
        ids.append(row.id)
        db.session.execute(delete(model).where(model.id == row.id))
        db.session.expunge(row)
        db.session.commit()

    assert ids[0] < ids[1]


def test_sqlite_enforces_foreign_keys() -> None:
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
