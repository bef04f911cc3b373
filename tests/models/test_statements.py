"""Statements that work the same on PostgreSQL and SQLite."""

import pytest

from app.extensions import db
from app.models import Role, User, lock_row, rows_changed
from app.models.statements import delete_batch, insert_or_ignore, insert_or_update
from tests.models.users import create_user

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]


def test_inserting_an_existing_row_is_ignored() -> None:
    insert = insert_or_ignore(Role).values(name="User", default=False, permissions=0)

    assert rows_changed(db.session.execute(insert)) == 0
    assert rows_changed(db.session.execute(insert.values(name="Guest"))) == 1


def test_inserting_an_existing_row_updates_it() -> None:
    columns = {"name": "Guest", "default": False}

    for permissions in (1, 2):
        insert = insert_or_update(Role, "name", **columns, permissions=permissions)
        db.session.execute(insert)

    rows = db.session.scalars(db.select(Role.permissions).where(Role.name == "Guest")).all()
    assert rows == [2]


def test_batches_are_limited() -> None:
    for name in ("ann", "bob", "eve"):
        create_user(name)

    assert [delete_batch(User, User.username != "eve", limit=1) for _ in range(3)] == [1, 1, 0]


def test_batches_are_limited_whatever_the_plan() -> None:
    """PostgreSQL must not run the subquery once for each row of the table."""
    for number in range(10):
        create_user(f"user{number}")
    if db.engine.dialect.name == "postgresql":
        for method in ("hashjoin", "mergejoin", "hashagg", "sort", "material", "bitmapscan"):
            db.session.execute(db.text(f"SET LOCAL enable_{method} = off"))

    assert delete_batch(User, User.username != "eve", limit=3) == 3


def test_locked_row_is_refreshed() -> None:
    ann = create_user()
    assert ann.name is None
    update = db.update(User).values(name="Ann")
    db.session.execute(update, execution_options={"synchronize_session": False})

    assert lock_row(ann)
    assert ann.name == "Ann"


def test_deleted_row_is_not_locked() -> None:
    ann = create_user()
    delete = db.delete(User).where(User.id == ann.id)
    db.session.execute(delete, execution_options={"synchronize_session": False})

    assert not lock_row(ann)
