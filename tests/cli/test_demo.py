"""`flask demo` creates the content of the TOML files in an empty database, never in production."""

import tomllib
from collections import Counter
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from app.cli.demo import CONTENT, LOGINS, PASSWORD
from app.extensions import db
from app.models import Comment, Follow, HiddenUser, Post, User, utcnow
from tests.models.counts import dangling_references, wrong_counts
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient


def content(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tomllib.loads((CONTENT / f"{name}.toml").read_text())[name]
    return rows


def count_rows(app: Flask) -> dict[str, int]:
    with app.app_context():
        return {
            model.__tablename__: db.session.scalar(select(func.count()).select_from(model)) or 0
            for model in (User, Follow, HiddenUser, Post, Comment)
        }


def expected_rows() -> dict[str, int]:
    users = content("users")
    return {
        "users": len(users),
        "follows": len(users) + sum(len(user["follows"]) for user in users),
        "hidden_users": 1,
        "posts": len(content("posts")),
        "comments": len(content("comments")),
    }


@pytest.mark.slow
def test_seed_creates_the_content_and_prints_logins(app: Flask, runner: FlaskCliRunner) -> None:
    result = runner.invoke(args=["demo", "seed"])

    assert result.exit_code == 0, result.output
    assert count_rows(app) == expected_rows()
    assert_content_is_consistent(app)
    assert_logins_work(app, result.output)
    again = runner.invoke(args=["demo", "seed"])
    assert (again.exit_code, again.output.count(PASSWORD)) == (0, LOGINS)
    assert count_rows(app) == expected_rows()


def assert_content_is_consistent(app: Flask) -> None:
    with app.app_context():
        assert wrong_counts() == []
        roles = Counter(user.role.name for user in db.session.scalars(select(User)) if user.role)
        assert roles == Counter(user["role"] for user in content("users"))
        suspended = db.session.scalar(select(func.count()).where(Comment.disabled)) or 0
        assert suspended == sum("disabled_by" in comment for comment in content("comments"))
        for impossible in (
            select(Post).where(Post.timestamp > utcnow()),
            select(Comment).where(Comment.timestamp > utcnow()),
            select(Comment).join(Comment.post).where(Comment.timestamp < Post.timestamp),
            select(Post).join(Post.author).where(Post.timestamp < User.member_since),
        ):
            assert not db.session.scalars(impossible).all(), impossible
        timestamps = db.session.scalars(select(Post.timestamp).order_by(Post.id)).all()
        assert timestamps == sorted(timestamps), "ids ascend with time"


def assert_logins_work(app: Flask, output: str) -> None:
    for user in content("users")[:LOGINS]:
        login = UserData(0, user["username"], f"{user['username']}@example.com", PASSWORD)
        [line] = [line for line in output.splitlines() if login.email in line]
        assert user["role"] in line
        assert PASSWORD in line
        SiteClient(app).log_in(login)
    with app.app_context():
        without_password = select(func.count()).where(User.password_hash.is_(None))
        assert db.session.scalar(without_password) == len(content("users")) - LOGINS


@pytest.mark.slow
def test_clear_keeps_other_users(app: Flask, runner: FlaskCliRunner, make: Factory) -> None:
    runner.invoke(args=["demo", "seed"])
    ann = make.user("ann")
    make.comment(ann, make.post(ann))
    with app.app_context():
        maya = User.find_by_username(content("users")[0]["username"])
        assert maya is not None
        maya.follow(db.session.get_one(User, ann.id))
        db.session.commit()

    result = runner.invoke(args=["demo", "clear"])

    assert result.output.startswith(f"Deleted {expected_rows()['users']} demo users")
    assert count_rows(app) == {
        "users": 1,
        "follows": 1,
        "hidden_users": 0,
        "posts": 1,
        "comments": 1,
    }
    with app.app_context():
        assert wrong_counts() == []
        assert dangling_references() == []


@pytest.mark.parametrize(("option", "code"), [([], 1), (["--if-empty"], 0)])
def test_seed_refuses_a_database_with_users(
    app: Flask, runner: FlaskCliRunner, make: Factory, option: list[str], code: int
) -> None:
    make.user(content("users")[0]["username"], email="maya@elsewhere.example")

    result = runner.invoke(args=["demo", "seed", *option])

    assert result.exit_code == code
    assert ("demo data needs an empty one" in result.output) == bool(code)
    assert PASSWORD not in result.output
    assert runner.invoke(args=["demo", "clear"]).output.startswith("Deleted 0 demo users")
    assert count_rows(app)["users"] == 1


def test_seed_is_refused_in_production(
    app: Flask, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "ALLOW_DEMO_DATA", False)

    result = runner.invoke(args=["demo", "seed"])
    assert result.exit_code == 1
    assert "ALLOW_DEMO_DATA=true" in result.output

    result = runner.invoke(args=["demo", "seed", "--if-empty"])
    expected = "Skipped demo data: ALLOW_DEMO_DATA is false.\n"
    assert (result.exit_code, result.output) == (0, expected)
    assert count_rows(app)["users"] == 0


def test_seed_needs_roles(bare_app: Flask) -> None:
    runner = bare_app.test_cli_runner()
    runner.invoke(args=["db", "upgrade"])

    result = runner.invoke(args=["demo", "seed"])

    assert result.exit_code == 1
    assert "Run: flask deploy" in result.output
