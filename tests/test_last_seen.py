"""The response is sent even if `last_seen` cannot be updated."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask, before_render_template
from sqlalchemy import Engine, delete, event, update

from app.extensions import db
from app.models import LoginSession, Post, User
from tests.errors.test_handlers import expect_unavailable
from tests.support.api_client import ApiClient
from tests.support.databases import record_statements
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.rows import count_rows

pytestmark = pytest.mark.both_databases

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
READ_ONLY = {
    "postgresql": [
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "SET ROLE pg_read_all_data",  # as a provider revokes privileges when a plan is full
    ],
    "sqlite": ["PRAGMA query_only = ON"],
}
PAGES = ("/", "/followed", "/user/ann", "/edit-profile", "/preferences", "/auth/tokens")
API = ("/posts/", "/me")


@contextmanager
def on_connect(engine: Engine, statement: str) -> Iterator[None]:
    """Execute a statement on every new connection."""

    def execute(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.close()
        connection.commit()

    engine.dispose()
    event.listen(engine, "connect", execute)
    try:
        yield
    finally:
        event.remove(engine, "connect", execute)
        engine.dispose()


def log_in_with_stale_last_seen(client: SiteClient, user: UserData) -> Engine:
    """Log in; return the engine of the application."""
    client.log_in(user)
    with client.app.app_context():
        db.session.execute(update(User).values(last_seen=LONG_AGO))
        db.session.execute(update(LoginSession).values(last_used_at=LONG_AGO))
        db.session.commit()
        return db.engine


def test_database_that_cannot_be_written_to_is_readable(
    app: Flask, make: Factory, client: SiteClient, caplog: pytest.LogCaptureFixture
) -> None:
    ann = make.user("ann")
    engine = log_in_with_stale_last_seen(client, ann)
    api = ApiClient(app, ann)

    for statement in READ_ONLY[engine.dialect.name]:
        caplog.clear()
        with on_connect(engine, statement):
            for path in PAGES:
                assert client.open(path).status == 200, path
            assert "last_seen was not updated: " in caplog.text
            for path in API:
                assert api.get(path).status_code == 200, path
            expect_unavailable(client.post("/", body="Hello"))
            assert api.post("/posts/", {"body": "Hello"}).status_code == 503
        assert count_rows(app, Post) == 0


def test_user_is_not_loaded_again_after_a_write(app: Flask, make: Factory) -> None:
    api = ApiClient(app, make.user("ann"))
    api.get("/me")  # updates last_seen

    with record_statements(app) as executed:
        assert api.post("/posts/", {"body": "Hello"}).status_code == 201

    # The token and its user, the post, the number of posts, and the post with its author.
    assert [statement.split()[0] for statement in executed] == [
        *("SELECT", "INSERT", "UPDATE", "SELECT")
    ]


def test_user_is_deleted_during_the_request(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    engine = log_in_with_stale_last_seen(client, ann)

    def delete_user(_app: Flask, **_context: object) -> None:
        with engine.begin() as connection:
            connection.execute(delete(User).where(User.id == ann.id))

    with before_render_template.connected_to(delete_user, app):
        assert client.open("/followed").status == 200
