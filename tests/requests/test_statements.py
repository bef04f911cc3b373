"""The number of SQL statements of a page does not depend on the number of rows."""

import re

import pytest
from flask import Flask

from app.extensions import db
from app.models import Comment, Post, User
from tests.support.databases import record_statements
from tests.support.endpoints import PAGES
from tests.support.factories import Factory
from tests.support.http_client import SiteClient

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]

# A profile and a list of users load the user first.
ANONYMOUS = {"/": 1, "/post/{post}": 2, "/user/ann": 2, "/followers/ann": 2, "/followed-by/ann": 2}
# One more loads the current user.
LOGGED_IN = {
    "/": 2,
    "/followed": 2,
    "/moderate": 2,
    "/notifications": 2,
    "/followers/boss": 3,
    "/followed-by/boss": 3,
    "/user/boss": 3,
    "/post/{post}": 3,
    "/followers/ann": 3,
    "/user/ann": 3,
}
# SQLAlchemy adds an offset of 0 to every limit on SQLite.
SQLITE_LIMIT = "limit ? offset ?"
FEED_IS_FULL = "limit all offset"  # of 21 rows: see models/feed.py
UNREAD = re.compile(
    r"select count\(\*\) as \w+ \s*from \(select [^()]+ limit \S+( offset \?)?"
)  # of 100 rows
WRITES = ("INSERT", "UPDATE", "DELETE")


class GrowingSite:
    """Ann and an administrator, whom every new user follows and who write every new post."""

    def __init__(self, make: Factory) -> None:
        self.app = make.app
        self.ann = make.user("ann")
        self.boss = make.user("boss", role="Administrator")
        self.post = make.post(self.ann)
        self.size = 0

    def grow(self, rows: int) -> None:
        """Add `rows` rows to every list."""
        with self.app.app_context():
            authors = [db.session.get_one(User, user.id) for user in (self.ann, self.boss)]
            for _ in range(rows):
                self.size += 1
                name = f"user{self.size}"
                user = User(email=f"{name}@example.com", username=name, confirmed=True)
                db.session.add(user)
                for author in authors:
                    db.session.add(Post(body="Words", author=author))
                    user.follow(author)
                    author.follow(user)
                db.session.add(Comment(body="Well said", author=user, post_id=self.post))
            db.session.commit()


@pytest.fixture
def site(make: Factory) -> GrowingSite:
    """A site with five rows in every list."""
    site = GrowingSite(make)
    site.grow(5)
    return site


def statements(app: Flask, client: SiteClient, path: str) -> list[str]:
    with record_statements(app) as executed:
        assert client.client.get(path).status_code == 200
    return executed


@pytest.mark.parametrize("expected", [ANONYMOUS, LOGGED_IN], ids=["anonymous", "logged in"])
def test_number_of_statements_is_constant(
    app: Flask, site: GrowingSite, client: SiteClient, expected: dict[str, int]
) -> None:
    if expected is LOGGED_IN:
        client.log_in(site.boss)

    for _ in range(2):
        counts = {
            path: len(statements(app, client, path.format(post=site.post))) for path in expected
        }
        assert counts == expected
        site.grow(15)


def test_pages_write_nothing_and_neither_count_nor_skip_rows(
    app: Flask, site: GrowingSite, client: SiteClient
) -> None:
    client.log_in(site.boss)

    for path in [*LOGGED_IN, "/edit-profile"]:
        executed = statements(app, client, path.format(post=site.post))
        writes = [statement for statement in executed if statement.lstrip().startswith(WRITES)]
        sql = UNREAD.sub("", " ".join(executed).lower())
        sql = sql.replace(SQLITE_LIMIT, "").replace(FEED_IS_FULL, "")

        assert writes == [], path
        assert [word for word in ("count(", "sum(", "offset") if word in sql] == [], path


@pytest.mark.parametrize("logged_in", [False, True], ids=["anonymous", "logged in"])
def test_static_file_needs_no_statement(
    app: Flask, make: Factory, client: SiteClient, logged_in: bool
) -> None:
    if logged_in:
        client.log_in(make.user())

    for path in [endpoint.path for endpoint in PAGES if endpoint.name.endswith("static")]:
        assert statements(app, client, path) == [], path
