"""How often a page asks the database: the same whether there are five rows or fifty."""

from collections.abc import Iterable

import pytest
from flask import Flask

from app.extensions import db
from app.models import Comment, Post, User

from .addresses import ADDRESSES
from .databases import counted_statements
from .factories import Factory
from .reader import Reader

# A profile and a list of people first find the person.
STRANGERS = {"/": 1, "/post/{post}": 2, "/user/ann": 2, "/followers/ann": 2, "/followed-by/ann": 2}
# Who is reading is one more.
MEMBERS = {
    "/": 2,
    "/followed": 2,
    "/moderate": 2,
    "/followers/boss": 3,
    "/followed-by/boss": 3,
    "/user/boss": 3,
    "/post/{post}": 3,
    "/followers/ann": 3,
    "/user/ann": 3,
}
# SQLAlchemy writes it for SQLite whenever there is a limit.
ALWAYS_ZERO = "limit ? offset ?"
WRITING = ("INSERT", "UPDATE", "DELETE")


class Crowd:
    """Ann and the boss, whom everyone follows and answers, and who write much."""

    def __init__(self, make: Factory) -> None:
        self.app = make.app
        self.ann = make.user("ann")
        self.boss = make.user("boss", role="Administrator")
        self.post = make.post(self.ann)
        self.number = 0

    def grow(self, rows: int) -> None:
        """Add `rows` of everything."""
        with self.app.app_context():
            stars = [db.session.get_one(User, person.id) for person in (self.ann, self.boss)]
            for _ in range(rows):
                self.number += 1
                one = new_user(f"person{self.number}")
                for star in stars:
                    db.session.add(Post(body="Words", author=star))
                    one.follow(star)
                    star.follow(one)
                db.session.add(Comment(body="Well said", author=one, post_id=self.post))
            db.session.commit()


def new_user(username: str) -> User:
    user = User(email=f"{username}@example.com", username=username, confirmed=True)
    db.session.add(user)
    return user


@pytest.fixture
def crowd(make: Factory) -> Crowd:
    """A site with five rows in every list."""
    crowd = Crowd(make)
    crowd.grow(5)
    return crowd


def statements(app: Flask, reader: Reader, path: str) -> list[str]:
    with counted_statements(app) as seen:
        assert reader.client.get(path).status_code == 200
    return seen


def asked(app: Flask, crowd: Crowd, reader: Reader, paths: Iterable[str]) -> dict[str, int]:
    return {path: len(statements(app, reader, path.format(post=crowd.post))) for path in paths}


def test_stranger_is_answered_by_few_statements_whatever_the_number_of_rows(
    app: Flask, crowd: Crowd, reader: Reader
) -> None:
    assert asked(app, crowd, reader, STRANGERS) == STRANGERS

    crowd.grow(45)

    assert asked(app, crowd, reader, STRANGERS) == STRANGERS


def test_member_is_answered_by_few_statements_whatever_the_number_of_rows(
    app: Flask, crowd: Crowd, reader: Reader
) -> None:
    reader.log_in(crowd.boss)
    assert asked(app, crowd, reader, MEMBERS) == MEMBERS

    crowd.grow(45)

    assert asked(app, crowd, reader, MEMBERS) == MEMBERS


@pytest.mark.parametrize("path", [*STRANGERS, "/followed", "/moderate", "/edit-profile"])
def test_reading_writes_nothing(app: Flask, crowd: Crowd, reader: Reader, path: str) -> None:
    reader.log_in(crowd.boss)

    seen = statements(app, reader, path.format(post=crowd.post))

    assert [statement for statement in seen if statement.lstrip().startswith(WRITING)] == []


@pytest.mark.parametrize("path", [*STRANGERS, "/followed", "/moderate"])
def test_no_page_counts_rows_or_skips_over_them(
    app: Flask, crowd: Crowd, reader: Reader, path: str
) -> None:
    reader.log_in(crowd.boss)

    seen = " ".join(statements(app, reader, path.format(post=crowd.post))).lower()

    assert "count(" not in seen
    assert "sum(" not in seen
    assert "offset" not in seen.replace(ALWAYS_ZERO, "")


@pytest.mark.parametrize(
    "path",
    [address.path for address in ADDRESSES if address.endpoint.endswith("static")],
)
@pytest.mark.parametrize("member", [False, True], ids=["stranger", "member"])
def test_static_file_needs_no_database(
    app: Flask, make: Factory, reader: Reader, path: str, member: bool
) -> None:
    if member:
        reader.log_in(make.user())

    with counted_statements(app) as seen:
        reader.client.get(path).close()

    assert seen == []
