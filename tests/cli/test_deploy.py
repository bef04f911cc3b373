"""`flask deploy`: migrations and reference data; idempotent."""

from importlib import import_module
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, inspect

from app.extensions import db
from app.models import Follow, Role, User
from tests.support.app_factory import make_app
from tests.support.databases import record_statements
from tests.support.factories import Factory

pytestmark = pytest.mark.both_databases


def deploy(app: Flask) -> list[str]:
    """Run a successful deploy; return the lines of its output."""
    result = app.test_cli_runner().invoke(args=["deploy"])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def test_first_deploy_creates_everything_and_the_second_changes_nothing(bare_app: Flask) -> None:
    lines = deploy(bare_app)

    assert lines[0].startswith("Migrations: ")
    assert lines[0].endswith(" applied")
    assert lines[1].startswith("  0001 ")
    assert [line for line in lines if not line.startswith(("  ", "Migrations: "))] == [
        "Roles: User, Moderator, Administrator",
        "Self-follows: unchanged",  # demo-only
        "Deployed.",
    ]
    with bare_app.app_context():
        assert set(db.metadata.tables) <= set(inspect(db.engine).get_table_names())
        assert set(db.session.scalars(db.select(Role.name))) == set(Role.ROLES)

    lines = deploy(bare_app)
    assert lines[0].startswith("Migrations: up to date (")
    assert lines[1:] == [
        "Roles: unchanged",
        "Self-follows: unchanged",  # demo-only
        "Deployed.",
    ]


def test_deploy_updates_roles_and_adds_self_follows(bare_app: Flask) -> None:
    deploy(bare_app)
    make = Factory(bare_app)
    ann = make.user("ann")
    make.follow(ann, make.user("bob"))
    with bare_app.app_context():
        moderator = Role.find_by_name("Moderator")
        assert moderator is not None
        moderator.permissions = 1
        db.session.execute(delete(Follow).where(Follow.follower_id == Follow.followed_id))
        db.session.commit()

    assert deploy(bare_app)[1:3] == ["Roles: Moderator", "Self-follows: 2 added"]

    with bare_app.app_context():
        role = Role.find_by_name("Moderator")
        assert role is not None
        assert role.permissions == Role.ROLES["Moderator"]
        user = db.session.get_one(User, ann.id)
        assert user.is_following(user)
        assert (user.following_count, user.follower_count) == (1, 0)


UNREACHABLE = {
    "refusing server": "postgresql+psycopg2://flasky:secret@127.0.0.1:1/site",
    "unknown host": "postgresql+psycopg2://flasky:secret@database.invalid/site",
    "missing folder": "sqlite:///{folder}/missing/site.sqlite",
    "not a database": "sqlite:///{folder}/text.sqlite",
}


@pytest.mark.parametrize("url", UNREACHABLE.values(), ids=UNREACHABLE)
def test_unreachable_database_is_one_line(url: str, tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("This is no database. " * 100)
    app = make_app(SQLALCHEMY_DATABASE_URI=url.format(folder=tmp_path))

    result = app.test_cli_runner().invoke(args=["deploy"])

    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1
    assert result.output.startswith(("Error: Cannot connect to the database", "Error: Migrations"))
    assert "secret" not in result.output


def test_self_follows_are_added_in_batches(
    bare_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(bare_app)
    monkeypatch.setattr(import_module("app.cli.deploy"), "BATCH", 3)
    for number in range(7):
        Factory(bare_app).user(f"user{number}")
    with bare_app.app_context():
        db.session.execute(delete(Follow))
        db.session.commit()

    with record_statements(bare_app) as statements:
        lines = deploy(bare_app)

    assert sum(statement.startswith("INSERT INTO follows") for statement in statements) == 3
    assert lines[2:] == [
        "Self-follows: 3 users checked …",
        "Self-follows: 6 users checked …",
        "Self-follows: 7 added",
        "Deployed.",
    ]
