"""`flask demo`: the community of the TOML files, on an empty site, never in production."""

import tomllib
from collections import Counter
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from app.cli.demo import CONTENT, PASSWORD
from app.extensions import db
from app.models import Comment, Follow, Post, User, utcnow
from tests.factories import Factory, Person
from tests.models.counting import orphans, wrong_counts
from tests.reader import Reader


def content(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tomllib.loads((CONTENT / f"{name}.toml").read_text())[name]
    return rows


def rows(app: Flask) -> dict[str, int]:
    with app.app_context():
        return {
            model.__tablename__: db.session.scalar(select(func.count()).select_from(model)) or 0
            for model in (User, Follow, Post, Comment)
        }


def written() -> dict[str, int]:
    people = content("people")
    return {
        "users": len(people),
        "follows": len(people) + sum(len(person["follows"]) for person in people),
        "posts": len(content("posts")),
        "comments": len(content("comments")),
    }


NOTHING = {"users": 0, "follows": 0, "posts": 0, "comments": 0}


@pytest.mark.slow
def test_demo_is_what_the_files_say(app: Flask, runner: FlaskCliRunner) -> None:
    result = runner.invoke(args=["demo", "seed"])

    assert result.exit_code == 0, result.output
    assert rows(app) == written()
    with app.app_context():
        assert wrong_counts() == []
        roles = Counter(user.role.name for user in db.session.scalars(select(User)) if user.role)
        assert roles == Counter(person["role"] for person in content("people"))
        hidden = db.session.scalar(select(func.count()).where(Comment.disabled)) or 0
        assert hidden == sum("disabled_by" in comment for comment in content("comments"))


@pytest.mark.slow
def test_nothing_in_the_demo_happens_in_the_future_or_before_its_time(
    app: Flask, runner: FlaskCliRunner
) -> None:
    runner.invoke(args=["demo", "seed"])

    with app.app_context():
        assert not db.session.scalars(select(Post).where(Post.timestamp > utcnow())).all()
        assert not db.session.scalars(select(Comment).where(Comment.timestamp > utcnow())).all()
        early = select(Comment).join(Comment.post).where(Comment.timestamp < Post.timestamp)
        assert not db.session.scalars(early).all()
        joined_later = select(Post).join(Post.author).where(Post.timestamp < User.member_since)
        assert not db.session.scalars(joined_later).all()


@pytest.mark.slow
def test_printed_logins_work_and_nobody_else_can_log_in(
    app: Flask, runner: FlaskCliRunner
) -> None:
    said = runner.invoke(args=["demo", "seed"]).output

    for person in content("people")[:3]:
        login = Person(0, person["username"], f"{person['username']}@example.com", PASSWORD)
        assert person["role"] in said
        assert login.email in said
        Reader(app).log_in(login)
    assert PASSWORD in said
    with app.app_context():
        locked = select(func.count()).where(User.password_hash.is_(None))
        assert db.session.scalar(locked) == len(content("people")) - 3


@pytest.mark.slow
def test_seeding_twice_prints_the_logins_again(app: Flask, runner: FlaskCliRunner) -> None:
    runner.invoke(args=["demo", "seed"])

    result = runner.invoke(args=["demo", "seed"])

    assert result.exit_code == 0
    assert PASSWORD in result.output
    assert rows(app) == written()


@pytest.mark.parametrize(("option", "code"), [([], 1), (["--if-empty"], 0)])
def test_demo_stays_away_from_a_site_with_accounts(
    app: Flask, runner: FlaskCliRunner, make: Factory, option: list[str], code: int
) -> None:
    make.user("ann")

    result = runner.invoke(args=["demo", "seed", *option])

    assert result.exit_code == code
    assert ("demo data belongs on an empty site" in result.output) == bool(code)
    assert PASSWORD not in result.output
    assert rows(app)["users"] == 1


def test_demo_is_refused_where_it_is_off(
    app: Flask, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "FLASKY_DEMO", False)

    result = runner.invoke(args=["demo", "seed"])

    assert result.exit_code == 1
    assert "FLASKY_DEMO=true" in result.output
    assert rows(app) == NOTHING


@pytest.mark.slow
def test_clearing_leaves_everybody_else(app: Flask, runner: FlaskCliRunner, make: Factory) -> None:
    runner.invoke(args=["demo", "seed"])
    ann = make.user("ann")
    make.comment(ann, make.post(ann))
    with app.app_context():
        maya = User.with_username(content("people")[0]["username"])
        assert maya is not None
        maya.follow(db.session.get_one(User, ann.id))
        db.session.commit()

    result = runner.invoke(args=["demo", "clear"])

    assert result.output.startswith(f"Deleted {written()['users']} demo accounts")
    assert rows(app) == {"users": 1, "follows": 1, "posts": 1, "comments": 1}
    with app.app_context():
        assert wrong_counts() == []
        assert orphans() == []


def test_clearing_spares_a_namesake(app: Flask, runner: FlaskCliRunner, make: Factory) -> None:
    make.user(content("people")[0]["username"], email="real@elsewhere.example")

    result = runner.invoke(args=["demo", "clear"])

    assert result.output.startswith("Deleted 0 ")
    assert rows(app)["users"] == 1


def test_database_without_roles_is_explained(bare_app: Flask) -> None:
    bare = bare_app.test_cli_runner()
    bare.invoke(args=["db", "upgrade"])

    result = bare.invoke(args=["demo", "seed"])

    assert result.exit_code == 1
    assert "flask deploy" in result.output


def test_seeding_if_empty_does_nothing_where_demo_data_is_not_allowed(
    app: Flask, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "FLASKY_DEMO", False)

    result = runner.invoke(args=["demo", "seed", "--if-empty"])

    expected = "No demo data, since FLASKY_DEMO is false.\n"
    assert (result.exit_code, result.output) == (0, expected)
    assert rows(app)["users"] == 0
