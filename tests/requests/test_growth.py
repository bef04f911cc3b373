"""Pages, scrapes and jobs read a bounded number of rows of tables that have grown."""

from collections.abc import Callable, Iterator
from contextvars import Context
from functools import partial
from typing import Any, TypeVar

import pytest
from flask import Flask
from sqlalchemy import event, text

from app.admin import dashboard
from app.auth.expiry import delete_expired
from app.data_export import DataExport
from app.extensions import db
from app.mail.outbox import prune_outbox
from app.metrics import collector
from app.models import Role, User, hidden_user
from tests.support.app_factory import make_app
from tests.support.databases import EphemeralPostgres, migrated, record_buffers
from tests.support.factories import Factory
from tests.support.http_client import SiteClient

pytestmark = pytest.mark.slow

Result = TypeVar("Result")
SIZE = 20_000
MAX_BUFFERS = 800  # pages of the database, of 8 KB

# A user whom all others follow, a post of theirs on which all others have commented, and email.
ROWS = """
INSERT INTO users
  (id, email, username, security_stamp, confirmed, avatar_hash, member_since, last_seen)
  SELECT id, id || '@example.com', 'user' || id, '-', true, '-', now(), now()
  FROM generate_series(1, :size) AS id;
INSERT INTO follows SELECT id, 1, now() - make_interval(secs => id) FROM users WHERE id > 1;
INSERT INTO posts (id, body, body_html, timestamp, author_id) VALUES (1, '', '', now(), 1);
INSERT INTO comments (id, body, body_html, timestamp, disabled, author_id, post_id)
  SELECT id, '', '', now() - make_interval(secs => id), false, id, 1 FROM users;
INSERT INTO jobs (name, arguments, created_at, run_at)
  SELECT 'send_outbox_email', '[]', now(), now() FROM users;
INSERT INTO outbox_emails (recipient, subject, body_text, body_html, created_at)
  SELECT email, '', repeat('-', 500), '', now() FROM users
"""
BLOCKS = """
INSERT INTO hidden_users (user_id, hidden_id, kind, timestamp)
  SELECT id, :troll, 'block', now() FROM users WHERE id <= :size;
INSERT INTO hidden_users (user_id, hidden_id, kind, timestamp)
  SELECT :troll, id, 'mute', now() FROM users WHERE id <= :size / 20;
UPDATE users SET hides_users = true WHERE id = :troll;
ANALYZE hidden_users
"""
# What only an export reads.
ROWS_OF_ONE_USER = """
INSERT INTO comments (id, body, body_html, timestamp, disabled, author_id, post_id)
  SELECT 1000000 + id, '', '', now() - make_interval(secs => id), false, 2, 1 FROM users;
INSERT INTO outbox_emails (recipient, subject, body_text, body_html, created_at)
  SELECT '2@example.com', '', repeat('-', 500), '', now() FROM users
"""
# What has expired for days, or was sent long ago.
OLD_ROWS = """
INSERT INTO outbox_emails (recipient, subject, body_text, body_html, created_at, sent_at)
  SELECT email, '', '', '', now(), now() - interval '90 days' FROM users;
INSERT INTO idempotency_keys (user_id, key, fingerprint, timestamp)
  SELECT 1, id, '-', now() - interval '3 days' FROM users;
INSERT INTO login_sessions (user_id, digest, security_stamp, timestamp, expires_at)
  SELECT 1, id, '-', now(), now() - interval '3 days' FROM users;
INSERT INTO access_tokens
  (user_id, digest, security_stamp, timestamp, expires_at, name, read_only)
  SELECT 1, id, '-', now(), now() - interval '3 days', '-', false FROM users;
INSERT INTO email_changes (user_id, old_email, expires_at)
  SELECT 1, email, now() - interval '3 days' FROM users;
INSERT INTO registrations (email, username, security_stamp, locale, expires_at)
  SELECT email, username, '-', 'en', now() - interval '3 days' FROM users
"""
OLD_TABLES = OLD_ROWS.count("INSERT")


@pytest.fixture(scope="module")
def grown(postgres: EphemeralPostgres) -> Iterator[Flask]:
    """A site on PostgreSQL with SIZE rows in its tables."""
    app = make_app(SQLALCHEMY_DATABASE_URI=postgres.new_database(), DATABASE_STATEMENT_TIMEOUT=0.0)
    with migrated(app), app.app_context():
        for statement in f"{ROWS};{OLD_ROWS}".split(";"):
            db.session.execute(text(statement.replace(":size", str(SIZE))))
        db.session.commit()
        db.session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        db.session.execute(text("VACUUM ANALYZE"))
        db.session.commit()
        yield app


@pytest.mark.parametrize(
    "path",
    [
        "/user/user1",
        "/followers/user1",
        "/post/1",
        "/api/v1/users/1/followers/",
        "/api/v1/posts/1/comments/",
        "/api/v1/comments/",
    ],
)
def test_page_reads_few_rows_also_deep_in_a_list(grown: Flask, path: str) -> None:
    client = SiteClient(grown)
    middle = "SELECT (extract(epoch FROM now() - interval '10000 s') * 1000000)::bigint"
    with grown.app_context():
        cursor = f"{db.session.scalar(text(middle))}-1"

    for query in ("", f"?before={cursor}", f"?after={cursor}"):
        with record_buffers(grown) as buffers:
            assert client.client.get(f"{path}{query}").status_code == 200
        assert buffers
        assert max(buffers.values()) < MAX_BUFFERS, buffers


def test_user_whom_all_have_blocked_reads_a_bounded_number_of_rows(
    grown: Flask, troll: SiteClient
) -> None:
    """Each of the comments is hidden from them; the list ends after 1,000."""
    for path in ("/", "/post/1", "/blocked-and-muted"):
        with record_buffers(grown) as buffers:
            assert outside(partial(troll.client.get, path)).status_code == 200
        assert any("hidden_users" in sql for sql in buffers)
        assert max(buffers.values()) < 10 * hidden_user.WINDOW, buffers


@pytest.fixture(scope="module")
def troll(grown: Flask) -> SiteClient:
    """A logged-in user whom all others have blocked, and who has muted some."""
    with grown.app_context():
        db.session.execute(text("SELECT setval('users_id_seq', 2000000)"))
        db.session.commit()
    user = Factory(grown).user("troll")
    with grown.app_context():
        values = {"troll": user.id, "size": SIZE}
        for statement in BLOCKS.split(";"):
            db.session.execute(text(statement), values)
        db.session.commit()
    return outside(lambda: SiteClient(grown).log_in(user))


@pytest.fixture(scope="module")
def boss(grown: Flask) -> SiteClient:
    """A logged-in administrator of the site."""
    with grown.app_context():
        db.session.execute(text("SELECT setval('users_id_seq', 1000000)"))
        Role.insert_roles()
        db.session.commit()
    user = Factory(grown).user("boss", role="Administrator")
    return outside(lambda: SiteClient(grown).log_in(user))


def outside(action: Callable[[], Result]) -> Result:
    """Call `action` without the application context of `grown`, which would keep its user."""
    return Context().run(action)


@pytest.mark.parametrize(
    "path",
    [
        *("/admin/", "/admin/users", "/admin/reports", "/admin/users?q=user1", "/admin/users?q=b"),
        *("/admin/users?status=unconfirmed", "/admin/users?role=Administrator&status=suspended"),
    ],
)
def test_administration_reads_few_rows(
    grown: Flask, boss: SiteClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(collector, "MAX_ROWS", 100)
    monkeypatch.setattr(dashboard, "MAX_COUNT", 100)

    with record_buffers(grown) as buffers:
        assert outside(lambda: boss.client.get(path)).status_code == 200

    assert len(buffers) >= 2
    assert max(buffers.values()) < MAX_BUFFERS, buffers


NOTIFICATIONS = """
INSERT INTO notifications (user_id, timestamp, kind, row_id, actor_id)
  SELECT boss.id, now() - make_interval(secs => users.id), 'follow', users.id, users.id
  FROM users, users AS boss WHERE users.id <= :size AND boss.username = 'boss'
"""


def test_notifications_of_one_user_read_few_rows(grown: Flask, boss: SiteClient) -> None:
    with grown.app_context():
        db.session.execute(text(NOTIFICATIONS), {"size": SIZE})
        boss_is_new = (
            "UPDATE users SET notifications_read_at = '2000-01-01' WHERE username = 'boss'"
        )
        db.session.execute(text(boss_is_new))
        middle = "SELECT (extract(epoch FROM now() - interval '10000 s') * 1000000)::bigint"
        before = f"?before={db.session.scalar(text(middle))}-1"
        db.session.commit()
        db.session.execute(text("ANALYZE notifications"))
        db.session.commit()

    for path in ("/", "/notifications", f"/notifications{before}"):
        with record_buffers(grown) as buffers:
            response = outside(partial(boss.client.get, path))
        assert response.status_code == 200
        assert "99+" in response.text
        assert max(buffers.values()) < MAX_BUFFERS, buffers


def test_batch_of_an_export_reads_few_rows(grown: Flask) -> None:
    with grown.app_context():
        for statement in f"{ROWS_OF_ONE_USER};ANALYZE".split(";"):
            db.session.execute(text(statement))
        db.session.commit()
        exports = [DataExport(db.session.get_one(User, user_id), "") for user_id in (1, 2)]

    for export in exports:
        with record_buffers(grown) as buffers:
            assert list(export)
        export.close()
        assert len(buffers) > 5
        assert max(buffers.values()) < MAX_BUFFERS, buffers


def test_scrape_reads_few_rows(grown: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "MAX_ROWS", 100)

    with grown.app_context(), record_buffers(grown) as buffers:
        emails, _age, jobs, delay = collector.query_backlog(db.engine)

    assert len(buffers) == 3
    assert max(buffers.values()) < 100, buffers
    assert sum(sample.value for sample in emails.samples) == 100
    assert sum(sample.value for sample in jobs.samples) == 100
    assert delay.samples[0].value > 0


def test_jobs_delete_a_thousand_rows_per_transaction(grown: Flask) -> None:
    rows: list[int] = []
    commits: list[int] = []

    def record(_connection: Any, cursor: Any, *_rest: Any) -> None:
        rows.append(cursor.rowcount)

    with grown.app_context():
        event.listen(db.engine, "after_cursor_execute", record)
        event.listen(db.engine, "commit", lambda _connection: commits.append(len(rows)))
        delete_expired()
        prune_outbox()
        db.session.commit()
        event.remove(db.engine, "after_cursor_execute", record)

    assert max(rows) == 1000
    assert sum(rows) == SIZE * OLD_TABLES
    assert len(commits) > OLD_TABLES * SIZE / 1000
