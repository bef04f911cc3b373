"""`flask import-book` keeps what it can, lists what it cannot, and does nothing twice."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select
from werkzeug.security import generate_password_hash

from app.cli import import_book
from app.extensions import db
from app.models import Comment, Follow, Post, Role, User
from tests.cli import book_database as book
from tests.models.counts import dangling_references, wrong_counts
from tests.support.databases import new_sqlite_url
from tests.support.factories import Factory
from tests.support.http_client import SiteClient
from tests.support.rows import count_rows

pytestmark = pytest.mark.both_databases

PASSWORD = "cat and dog"
OLD_HASH = generate_password_hash(PASSWORD, "pbkdf2:sha1:1000", 8)
USERS = [
    book.user(5, "john", password_hash=OLD_HASH, about_me="Hi", location="Here"),
    book.user(7, "susan", role_id=3, confirmed=None),
    book.user(8, "editor", role_id=4),
]
ROWS = {
    "users": USERS,
    "posts": [book.post(11, 5), book.post(12, 7, "## Two")],
    "comments": [book.comment(21, 7, 11), book.comment(22, 5, 11, disabled=True)],
    "follows": [
        {"follower_id": 5, "followed_id": 7, "timestamp": book.TIME},
        {"follower_id": 5, "followed_id": 5, "timestamp": book.TIME},
    ],
}


@pytest.fixture
def url(app: Flask, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of the same kind as that of the site."""
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        return new_sqlite_url(tmp_path)
    new_url: str = request.getfixturevalue("postgres").new_database()
    return new_url.replace("postgresql+psycopg2://", "postgres://")


@pytest.fixture(autouse=True)
def standard_roles(app: Flask) -> Iterator[None]:
    """Leave the roles behind as they were: other tests share the database."""
    yield
    with app.app_context():
        db.session.rollback()
        db.session.execute(db.update(User).values(role_id=None))
        db.session.execute(db.delete(Role).where(Role.name.not_in(Role.ROLES)))
        Role.insert_roles()
        db.session.commit()


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def rows_of(model: type[Any]) -> list[Any]:
    return list(db.session.scalars(select(model).order_by(*model.__table__.primary_key)))


def import_rows(runner: FlaskCliRunner, url: str, **rows: list[dict[str, Any]]) -> str:
    book.create(url, **rows)
    result = runner.invoke(args=["import-book", url])
    assert result.exit_code == 0, result.output
    return result.output


def test_rows_keep_their_ids_and_columns(app: Flask, runner: FlaskCliRunner, url: str) -> None:
    output = import_rows(runner, url, **ROWS)

    assert output == "Imported 3 users, 2 posts, 2 comments, 2 follows.\n"
    with app.app_context():
        john, susan, editor = rows_of(User)
        assert (john.id, john.username, john.email) == (5, "john", "john@example.com")
        assert (john.about_me, john.location, john.confirmed) == ("Hi", "Here", True)
        assert john.member_since == book.TIME.replace(tzinfo=UTC)
        assert john.is_following(susan)
        assert (susan.role.name, susan.confirmed) == ("Administrator", False)
        assert (editor.role.name, editor.role.permissions) == ("Editor", 4 | 16)
        posts, comments = rows_of(Post), rows_of(Comment)
        assert [(row.id, row.author_id) for row in posts] == [(11, 5), (12, 7)]
        assert "<em>world</em>" in posts[0].body_html
        assert [(row.id, row.post_id, row.disabled) for row in comments] == [
            *((21, 11, False), (22, 11, True))
        ]
        assert {(row.follower_id, row.followed_id) for row in rows_of(Follow)} == {
            *((5, 5), (7, 7), (8, 8), (5, 7))
        }
        assert wrong_counts() == []
        assert dangling_references() == []


def test_users_log_in_and_new_rows_get_new_ids(
    app: Flask, runner: FlaskCliRunner, url: str, make: Factory
) -> None:
    import_rows(runner, url, **ROWS)

    client = SiteClient(app)
    page = client.submit("/auth/login", {"email": "john@example.com", "password": PASSWORD})
    assert page.path == "/"
    assert "Well." in client.open("/post/11").text
    new = make.user("new")
    assert new.id > 8
    assert make.post(new) > 12


def test_ugly_rows_are_kept_or_listed(app: Flask, runner: FlaskCliRunner, url: str) -> None:
    users = [
        book.user(1, None, email=None, role_id=None),
        book.user(2, "Ann", email="ann@b.com", confirmed=False),
        book.user(3, "ann", email="ANN@B.com", password_hash="scrypt:32768:8:1$a$" + "0" * 80),
        book.user(4, "a b", email="no address", member_since=None, password_hash="sha1$a$b"),
    ]
    posts = [book.post(1, None), book.post(2, 1, None), book.post(3, 1, "[](x)" * 9000)]
    comments = [book.comment(1, 1, None), book.comment(2, None, 4)]
    output = import_rows(
        runner, url, users=users, posts=[*posts, book.post(4, 1)], comments=comments
    )

    assert output.splitlines() == [
        "Not kept: user 1: None is not an email address; now user-1@import.invalid.",
        "Not kept: user 1: the username None; now user_1.",
        "Not kept: user 3: the password, whose hash is of no known kind.",
        "Not kept: user 4: 'no address' is not an email address; now user-4@import.invalid.",
        "Not kept: user 4: the username 'a b'; now user_4.",
        "Not kept: user 4: the password, whose hash is of no known kind.",
        "Not kept: user 2: 'ann@b.com' is also that of another user; now user-2@import.invalid.",
        "Not kept: user 2: the username 'Ann'; now Ann_2.",
        "Not kept: post 1: its author None does not exist.",
        "Not kept: post 2: it has no text.",
        "Not kept: post 3: it has too much formatting.",
        "Not kept: comment 1: its post None does not exist.",
        "Not kept: comment 2: its author None does not exist.",
        "Imported 4 users, 1 post, 0 comments, 0 follows.",
    ]
    with app.app_context():
        assert [user.username for user in rows_of(User)] == ["user_1", "Ann_2", "ann", "user_4"]
        assert {user.role.name for user in rows_of(User)} == {"User"}


def test_batches_are_complete(
    app: Flask, runner: FlaskCliRunner, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_book, "BATCH", 2)
    users = [book.user(number, f"user{number}") for number in range(1, 6)]

    import_rows(runner, url, users=users, posts=[book.post(number, 5) for number in range(1, 4)])

    assert (count_rows(app, User), count_rows(app, Post)) == (5, 3)


def test_second_import_changes_nothing(app: Flask, runner: FlaskCliRunner, url: str) -> None:
    import_rows(runner, url, **ROWS)
    with app.app_context():
        db.session.get_one(Post, 11).body = "Edited since"
        db.session.commit()

    again = runner.invoke(args=["import-book", url])

    assert again.exit_code == 1
    assert "The database has users already." in again.output
    assert "Nothing was imported." in again.output
    with app.app_context():
        assert db.session.get_one(Post, 11).body == "Edited since"
        assert count_rows(app, Post) == 2


def test_failed_import_leaves_nothing(
    app: Flask, runner: FlaskCliRunner, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also no rows that earlier batches have inserted."""
    monkeypatch.setattr(import_book, "BATCH", 1)
    order = import_book.ORDER | {"comments": "missing"}
    monkeypatch.setattr(import_book, "ORDER", order)
    posts = [book.post(1, 5)]
    book.create(url, users=USERS, posts=posts)

    result = runner.invoke(args=["import-book", url])

    assert result.exit_code == 1
    assert result.output.startswith("Error: Database error: ")
    assert "Nothing was imported." in result.output
    assert count_rows(app, User) == 0


@pytest.mark.usefixtures("app")
def test_file_is_not_changed(runner: FlaskCliRunner, tmp_path: Path) -> None:
    """Its journal mode neither: the application of the book may use it at the same time."""
    path = tmp_path / "data with space.sqlite"
    with closing(connect(tmp_path / "wal.sqlite")) as wal, closing(connect(path)) as plain:
        book.create(f"sqlite:///{tmp_path}/wal.sqlite", **ROWS)
        wal.backup(plain)
        plain.execute("PRAGMA journal_mode = DELETE")
    before = path.read_bytes()

    result = runner.invoke(args=["import-book", f"sqlite:///{path}"])

    assert "Imported 3 users" in result.output
    assert path.read_bytes() == before
    assert list(tmp_path.glob("data*")) == [path]


@pytest.mark.usefixtures("app")
def test_missing_file_is_not_created(runner: FlaskCliRunner, tmp_path: Path) -> None:
    result = runner.invoke(args=["import-book", f"sqlite:///{tmp_path}/missing.sqlite"])

    assert "unable to open database file. Nothing was imported." in result.output
    assert list(tmp_path.glob("missing*")) == []


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("url", ["", "data.sqlite", "mysql://host/book", "foo://", "postgres:/x"])
def test_invalid_url_is_refused(runner: FlaskCliRunner, url: str) -> None:
    result = runner.invoke(args=["import-book", url])

    assert result.exit_code == 1
    assert "This is not the URL of a database. Examples: sqlite:" in result.output


@pytest.mark.usefixtures("app")
def test_other_database_is_refused(runner: FlaskCliRunner, tmp_path: Path) -> None:
    path = tmp_path / "other file.sqlite"
    with closing(connect(path)) as connection:
        connection.execute("CREATE TABLE users (id INTEGER)")

    result = runner.invoke(args=["import-book", f"sqlite:///{path}"])

    assert "The database has no table posts: is it the one of the book?" in result.output


@pytest.mark.usefixtures("context")
def test_site_without_roles_is_refused(runner: FlaskCliRunner, url: str) -> None:
    book.create(url, users=USERS)
    db.session.execute(db.delete(Role))
    db.session.commit()

    result = runner.invoke(args=["import-book", url])

    assert "The database has no roles. Run: flask deploy" in result.output
