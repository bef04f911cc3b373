"""`flask deploy`: migrations, roles and self-follows, as often as one likes."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, inspect

from app.extensions import db
from app.models import Follow, Role, User
from tests.factories import Factory
from tests.settings import make_app


def lines(app: Flask) -> list[str]:
    """Run a deploy that works; return what it says."""
    result = app.test_cli_runner().invoke(args=["deploy"])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def test_first_deploy_says_what_it_did(bare_app: Flask) -> None:
    said = lines(bare_app)

    assert said[0].startswith("Migrations: ")
    assert said[0].endswith(" run")
    assert said[1].startswith("  0001 ")
    assert said[-3:] == [
        "Roles: User, Moderator, Administrator",
        "Self-follows: unchanged",
        "Deployed.",
    ]
    with bare_app.app_context():
        assert set(db.metadata.tables) <= set(inspect(db.engine).get_table_names())
        assert set(db.session.scalars(db.select(Role.name))) == set(Role.ROLES)


def test_second_deploy_changes_nothing(bare_app: Flask) -> None:
    lines(bare_app)

    said = lines(bare_app)

    assert said[0].startswith("Migrations: up to date (")
    assert said[1:] == ["Roles: unchanged", "Self-follows: unchanged", "Deployed."]


def test_deploy_brings_roles_back_to_the_code(bare_app: Flask) -> None:
    lines(bare_app)
    with bare_app.app_context():
        moderator = Role.named("Moderator")
        assert moderator is not None
        moderator.permissions = 1
        db.session.commit()

    assert "Roles: Moderator" in lines(bare_app)

    with bare_app.app_context():
        role = Role.named("Moderator")
        assert role is not None
        assert role.permissions == Role.ROLES["Moderator"]


def test_deploy_lets_everyone_follow_themself(bare_app: Flask) -> None:
    lines(bare_app)
    make = Factory(bare_app)
    ann = make.user("ann")
    make.follow(ann, make.user("bob"))
    with bare_app.app_context():
        db.session.execute(delete(Follow).where(Follow.follower_id == Follow.followed_id))
        db.session.commit()

    assert "Self-follows: 2 added" in lines(bare_app)

    with bare_app.app_context():
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
def test_unreachable_database_is_one_clear_line(url: str, tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("This is no database. " * 100)
    app = make_app(SQLALCHEMY_DATABASE_URI=url.format(folder=tmp_path))

    result = app.test_cli_runner().invoke(args=["deploy"])

    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1
    assert " failed; nothing of it was kept: " in result.output
    assert "secret" not in result.output
