"""Migrations run up, down and up again on both databases and keep all rows."""

from pathlib import Path

import pytest
from alembic import command
from flask import Flask
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.models import Comment, Follow, Post, Role, Slice, User, search
from tests.support.databases import alembic_config
from tests.support.extra_migrations import add_migration
from tests.support.factories import Factory

# On SQLite, Alembic copies the table and drops the original.
WIDEN_COLUMN = """with op.batch_alter_table("users") as users:
    users.alter_column("location", type_=sa.String(length=128))"""
WIDEN_COUNT = """with op.batch_alter_table("posts") as posts:
    posts.alter_column("comment_count", type_=sa.BigInteger())"""
NARROW_COLUMN = WIDEN_COLUMN.replace("128", "64")


def upgrade(app: Flask) -> None:
    with app.app_context():
        command.upgrade(alembic_config(app), "head")


def downgrade(app: Flask, revision: str) -> None:
    with app.app_context():
        command.downgrade(alembic_config(app), revision)


def tables(app: Flask) -> set[str]:
    with app.app_context():
        names = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
        return {name for name in names if "_search" not in name}  # of FTS5


def create_rows(app: Flask) -> None:
    with app.app_context():
        Role.insert_roles()
        db.session.commit()
    make = Factory(app)
    ann, bob = make.user("ann"), make.user("bob")
    make.follow(ann, bob)
    make.comment(bob, make.post(ann))


def count_rows(app: Flask) -> dict[str, int]:
    with app.app_context():
        return {
            model.__tablename__: db.session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Role, User, Follow, Post, Comment)
        }


ROWS = {"roles": 3, "users": 2, "follows": 3, "posts": 1, "comments": 1}


def test_migrations_run_up_down_and_up_again(bare_app: Flask) -> None:
    upgrade(bare_app)
    first = tables(bare_app)
    assert first == set(db.metadata.tables)
    create_rows(bare_app)
    upgrade(bare_app)
    assert count_rows(bare_app) == ROWS

    downgrade(bare_app, "base")
    assert tables(bare_app) == set()

    upgrade(bare_app)
    assert tables(bare_app) == first
    create_rows(bare_app)
    assert count_rows(bare_app) == ROWS


def test_check_compares_models_and_migrations(bare_app: Flask) -> None:
    runner = bare_app.test_cli_runner()
    upgrade(bare_app)
    result = runner.invoke(args=["db", "check"])
    assert result.exit_code == 0, result.output

    for change, undo in {
        "DROP INDEX ix_users_newest": "CREATE INDEX ix_users_newest ON users (member_since, id)",
        "ALTER TABLE users ADD COLUMN shoes INTEGER": "ALTER TABLE users DROP COLUMN shoes",
        "CREATE TABLE shoes (id INTEGER)": "DROP TABLE shoes",
    }.items():
        execute(bare_app, change)
        assert runner.invoke(args=["db", "check"]).exit_code != 0, change
        execute(bare_app, undo)
    assert runner.invoke(args=["db", "check"]).exit_code == 0


def execute(app: Flask, statement: str) -> None:
    with app.app_context():
        db.session.execute(text(statement))
        db.session.commit()


def test_altering_a_table_keeps_rows_and_expression_indexes(
    bare_app: Flask, tmp_path: Path
) -> None:
    upgrade(bare_app)
    create_rows(bare_app)
    add_migration(bare_app, tmp_path, WIDEN_COLUMN, NARROW_COLUMN)

    upgrade(bare_app)
    assert count_rows(bare_app) == ROWS
    make = Factory(bare_app)
    carl = make.user("carl")
    execute(bare_app, "DELETE FROM users WHERE username = 'carl'")
    assert make.user("dora").id == carl.id + 1  # not reused
    execute(bare_app, "DELETE FROM users WHERE username = 'dora'")
    with bare_app.app_context(), pytest.raises(IntegrityError):
        Factory(bare_app).user("ANN", email="other@example.com")

    downgrade(bare_app, "-1")
    assert count_rows(bare_app) == ROWS


def test_foreign_keys_are_enforced_after_a_migration(bare_app: Flask) -> None:
    upgrade(bare_app)
    create_rows(bare_app)

    # In SQL, so that the database, not SQLAlchemy, deletes the post.
    execute(bare_app, "DELETE FROM users WHERE username = 'ann'")

    assert count_rows(bare_app) == {
        "roles": 3,
        "users": 1,
        "follows": 1,
        "posts": 0,
        "comments": 0,
    }


def test_offline_migrations_are_refused(bare_app: Flask) -> None:
    with bare_app.app_context(), pytest.raises(SystemExit, match="run without --sql"):
        command.upgrade(alembic_config(bare_app), "head", sql=True)


def test_search_finds_posts_that_are_older_than_its_index(bare_app: Flask, tmp_path: Path) -> None:
    """And it still does after a migration that copies the table on SQLite."""
    upgrade(bare_app)
    create_rows(bare_app)
    downgrade(bare_app, "0012")
    upgrade(bare_app)
    assert found_posts(bare_app, "words") == 1

    add_migration(bare_app, tmp_path, WIDEN_COUNT, WIDEN_COUNT.replace("Big", ""))
    upgrade(bare_app)
    execute(bare_app, "UPDATE posts SET body = 'edited'")
    assert found_posts(bare_app, "edited") == 1
    assert found_posts(bare_app, "words") == 0


def found_posts(app: Flask, word: str) -> int:
    with app.app_context():
        statement, values = search.matches(Post.rows(), Post, [word])(Slice(None, None, 9))
        return len(db.session.execute(statement, values).all())
