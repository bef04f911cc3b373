"""Migrations: up, down and up again on both databases, without losing rows."""

from pathlib import Path

import pytest
from alembic import command
from flask import Flask
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.models import Comment, Follow, Post, Role, User
from tests.databases import alembic_settings
from tests.extra_migrations import add_migration
from tests.factories import Factory

# On SQLite this copies the table and drops the first one.
WIDENS = """with op.batch_alter_table("users") as users:
    users.alter_column("location", type_=sa.String(length=128))"""
NARROWS = WIDENS.replace("128", "64")


def upgrade(app: Flask) -> None:
    with app.app_context():
        command.upgrade(alembic_settings(app), "head")


def downgrade(app: Flask, revision: str) -> None:
    with app.app_context():
        command.downgrade(alembic_settings(app), revision)


def tables(app: Flask) -> set[str]:
    with app.app_context():
        return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def settle(app: Flask) -> None:
    """Let two people move in, follow, write and answer."""
    with app.app_context():
        Role.insert_roles()
        db.session.commit()
    make = Factory(app)
    ann, bob = make.user("ann"), make.user("bob")
    make.follow(ann, bob)
    make.comment(bob, make.post(ann))


def rows(app: Flask) -> dict[str, int]:
    with app.app_context():
        return {
            model.__tablename__: db.session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Role, User, Follow, Post, Comment)
        }


SETTLED = {"roles": 3, "users": 2, "follows": 3, "posts": 1, "comments": 1}


def test_migrations_go_up_down_and_up_again(bare_app: Flask) -> None:
    upgrade(bare_app)
    first = tables(bare_app)
    assert first == set(db.metadata.tables)
    settle(bare_app)

    downgrade(bare_app, "base")
    assert tables(bare_app) == set()

    upgrade(bare_app)
    assert tables(bare_app) == first
    settle(bare_app)
    assert rows(bare_app) == SETTLED


def test_upgrading_twice_keeps_every_row(bare_app: Flask) -> None:
    upgrade(bare_app)
    settle(bare_app)

    upgrade(bare_app)

    assert rows(bare_app) == SETTLED


def test_models_and_migrations_agree(bare_app: Flask) -> None:
    upgrade(bare_app)

    result = bare_app.test_cli_runner().invoke(args=["db", "check"])

    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    "difference",
    [
        "DROP INDEX ix_posts_newest",
        "ALTER TABLE users ADD COLUMN shoes INTEGER",
        "CREATE TABLE shoes (id INTEGER)",
    ],
)
def test_disagreement_is_noticed(bare_app: Flask, difference: str) -> None:
    upgrade(bare_app)
    with bare_app.app_context():
        db.session.execute(text(difference))
        db.session.commit()

    assert bare_app.test_cli_runner().invoke(args=["db", "check"]).exit_code != 0


def test_rebuilding_a_table_deletes_no_rows_that_refer_to_it(
    bare_app: Flask, tmp_path: Path
) -> None:
    upgrade(bare_app)
    settle(bare_app)
    add_migration(bare_app, tmp_path, WIDENS, NARROWS)

    upgrade(bare_app)
    assert rows(bare_app) == SETTLED
    with bare_app.app_context(), pytest.raises(IntegrityError):
        Factory(bare_app).user("ANN", email="other@example.com")

    downgrade(bare_app, "-1")
    assert rows(bare_app) == SETTLED


def test_foreign_keys_are_on_again_after_a_migration(bare_app: Flask) -> None:
    upgrade(bare_app)
    settle(bare_app)

    with bare_app.app_context():
        # By SQL, so that it is the database that takes the posts along.
        db.session.execute(text("DELETE FROM users WHERE username = 'ann'"))
        db.session.commit()

    assert rows(bare_app) == {"roles": 3, "users": 1, "follows": 1, "posts": 0, "comments": 0}


def test_migrations_as_a_script_are_refused_in_a_sentence(bare_app: Flask) -> None:
    with bare_app.app_context(), pytest.raises(SystemExit, match="leave out --sql"):
        command.upgrade(alembic_settings(bare_app), "head", sql=True)
