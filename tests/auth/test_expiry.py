"""What has expired is deleted."""

from datetime import timedelta

import pytest
from flask import Flask

from app.auth import expiry
from app.auth.expiry import delete_expired
from app.extensions import db
from app.models import (
    AccessToken,
    EmailChange,
    FormerUsername,
    IdempotencyKey,
    LoginSession,
    Notification,
    Registration,
    Report,
    ReportedItem,
    SecurityEvent,
    Target,
    User,
    utcnow,
)
from tests.support.databases import record_statements
from tests.support.factories import Factory
from tests.support.rows import count_rows

pytestmark = pytest.mark.both_databases


def add_registration(name: str, age: timedelta) -> None:
    Registration.save(f"{name}@example.com", name, "cat and dog", "en")
    db.session.get_one(Registration, f"{name}@example.com").expires_at = utcnow() - age


def test_expired_rows_are_deleted_in_batches(app: Flask) -> None:
    with app.app_context():
        for number in range(3):
            add_registration(f"old{number}", timedelta(seconds=number))
            add_registration(f"new{number}", timedelta(seconds=-60))
        db.session.commit()

        delete_expired()
        db.session.commit()

    assert count_rows(app, Registration) == 3


def test_reports_of_an_old_item_are_deleted_in_batches(
    app: Flask, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by the foreign key of the item, which would delete all of them at once."""
    monkeypatch.setattr(expiry, "BATCH", 2)
    bad, *reporters = [make.user(name) for name in ("bad", "ann", "bob", "cat")]
    with app.app_context():
        for reporter in reporters:
            row = db.session.get_one(User, reporter.id)
            for row_id in (1, 2):
                Report.file(row, Target("post", row_id, bad.id), "spam", "")
        ages = {1: ReportedItem.TTL, 2: ReportedItem.TTL - timedelta(minutes=1)}
        for row_id, age in ages.items():
            items = db.update(ReportedItem).where(ReportedItem.row_id == row_id)
            db.session.execute(items.values(resolved_at=utcnow() - age))
        db.session.commit()

        with record_statements(app) as executed:
            delete_expired()
            db.session.commit()

        assert set(db.session.scalars(db.select(ReportedItem.row_id))) == {2}
    assert count_rows(app, Report) == 3
    assert sum(statement.startswith("DELETE FROM reports ") for statement in executed) == 3


def test_old_notifications_are_deleted(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    with app.app_context():
        for row_id, age in ((ann.id, timedelta(0)), (bob.id, timedelta(minutes=1))):
            timestamp = utcnow() - Notification.TTL + timedelta(seconds=30) - age
            columns = {"user_id": ann.id, "kind": "follow", "row_id": row_id}
            db.session.add(Notification(timestamp=timestamp, **columns))
        db.session.commit()

        delete_expired()
        db.session.commit()

        assert db.session.scalars(db.select(Notification.row_id)).all() == [ann.id]


def test_expired_login_sessions_are_deleted(app: Flask, make: Factory) -> None:
    users = {make.user("ann").id: 0, make.user("bob").id: 60}
    with app.app_context():
        for user_id, seconds in users.items():
            user = db.session.get_one(User, user_id)
            LoginSession.issue(user, remember=True)
            expires_at = utcnow() + timedelta(seconds=seconds)
            sessions = db.update(LoginSession).where(LoginSession.user_id == user.id)
            db.session.execute(sessions.values(expires_at=expires_at))
        db.session.commit()

        delete_expired()
        db.session.commit()

    assert count_rows(app, LoginSession) == 1


def test_other_expired_rows_are_deleted(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    now = utcnow()
    with app.app_context():
        user = db.session.get_one(User, ann.id)
        # The new ones first: to issue a token deletes those that have expired.
        for hours, name in ((1, "new"), (-1, "old")):
            moment = now + timedelta(hours=hours)
            token, _secret = AccessToken.issue(user, name, days=1)
            key, _is_new = IdempotencyKey.get_or_create(user, name, "-")
            change = EmailChange.record(user, name)
            token.expires_at = change.expires_at = moment
            former = FormerUsername(user_id=user.id, username=name, expires_at=moment)
            db.session.add(former)
            SecurityEvent.record(user, name)
            events = db.update(SecurityEvent).where(SecurityEvent.name == name)
            db.session.execute(events.values(expires_at=moment))
            key.timestamp = moment - IdempotencyKey.TTL
        db.session.commit()

        delete_expired()
        db.session.commit()

        assert db.session.scalars(db.select(AccessToken.name)).all() == ["new"]
        assert db.session.scalars(db.select(IdempotencyKey.key)).all() == ["new"]
        assert db.session.scalars(db.select(EmailChange.old_email)).all() == ["new"]
        assert db.session.scalars(db.select(FormerUsername.username)).all() == ["new"]
        events = db.select(SecurityEvent.name).where(SecurityEvent.name != "token_created")
        assert db.session.scalars(events).all() == ["new"]
