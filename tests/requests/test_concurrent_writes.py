"""Many clients write at the same moment: all succeed, and the counts are exact."""

from collections.abc import Callable
from threading import BoundedSemaphore

import pytest
from flask import Flask
from sqlalchemy import text

from app.extensions import db
from app.models import Comment, Follow, Post, Registration, User
from app.security import password_hashing
from tests.models.counts import wrong_counts
from tests.support.api_client import issue_token
from tests.support.app_factory import make_app
from tests.support.concurrency import prepared_submission, run_concurrently
from tests.support.databases import EphemeralPostgres, migrated
from tests.support.factories import PASSWORD, Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.rows import count_rows

pytestmark = pytest.mark.slow

CLIENTS = 32
ROUNDS = 3
# Nothing depends on the speed of the machine.
SETTINGS = {
    "DATABASE_POOL_SIZE": CLIENTS,
    "DATABASE_POOL_TIMEOUT": 600,
    "DATABASE_STATEMENT_TIMEOUT": 0.0,
    "DATABASE_LOCK_TIMEOUT": 0.0,
    **dict.fromkeys(("RATELIMIT_REGISTER", "RATELIMIT_API", "RATELIMIT_CHANGE"), "9999 per hour"),
}


def test_counts_are_exact_after_concurrent_writes(postgres: EphemeralPostgres) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=postgres.new_database(), **SETTINGS)
    with migrated(app):
        make = Factory(app)
        users = [make.user(f"user{number}") for number in range(CLIENTS)]
        post = make.post(users[0])
        writers = [writer(app, users, number, post) for number in range(CLIENTS)]

        statuses = run_concurrently(*writers)

        assert [status for each in statuses for status in each if status >= 300] == []
        assert count_rows(app, Post) == 1 + CLIENTS * ROUNDS
        assert count_rows(app, Comment) == CLIENTS * ROUNDS
        with app.app_context():
            assert wrong_counts() == []
            followed = db.session.get_one(User, users[0].id)
            assert (followed.follower_count, followed.following_count) == (CLIENTS - 1, 1)
            deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            assert db.session.scalar(text(deadlocks)) == 0
        assert count_rows(app, Follow) == CLIENTS * 3 - 2


def writer(app: Flask, users: list[UserData], number: int, post: int) -> Callable[[], list[int]]:
    """Return a function that writes as one user, and returns the statuses.

    All comment on one post and follow the first user; neighbours follow each other.
    """
    client = app.test_client(use_cookies=False)
    headers = {"Authorization": f"Bearer {issue_token(app, users[number])}"}
    next_user, first = users[(number + 1) % CLIENTS].id, users[0].id

    def write() -> list[int]:
        requests = [
            ("POST", "/posts/", {"body": f"Words of {number}"}),
            ("POST", f"/posts/{post}/comments/", {"body": "Well said"}),
            ("PUT", f"/me/following/{next_user}", None),
            *([("PUT", f"/me/following/{first}", None)] if number else []),
            ("DELETE", f"/me/following/{next_user}", None),
            ("PUT", f"/me/following/{next_user}", None),
            *([("PUT", f"/me/following/{first}", None)] if number else []),
        ]
        return [
            client.open(f"/api/v1{path}", method=method, json=body, headers=headers).status_code
            for _round in range(ROUNDS)
            for method, path, body in requests
        ]

    return write


def test_concurrent_registrations_succeed(
    postgres: EphemeralPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password_hashing, "running", BoundedSemaphore(CLIENTS))  # none waits
    app = make_app(SQLALCHEMY_DATABASE_URI=postgres.new_database(), JOBS_EAGER=False, **SETTINGS)
    app.config["JOBS_IN_WEB"] = False
    with migrated(app):
        forms = [
            prepared_submission(
                SiteClient(app),
                "/auth/register",
                {
                    "email": f"user{number}@example.com",
                    "username": f"user{number}",
                    "password": PASSWORD,
                    "password2": PASSWORD,
                },
            )
            for number in range(CLIENTS)
        ]

        pages = run_concurrently(*forms)

        assert {(page.status, page.path) for page in pages} == {(200, "/auth/unconfirmed")}
        assert count_rows(app, Registration) == CLIENTS
