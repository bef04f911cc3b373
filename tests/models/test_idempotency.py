"""Idempotency keys: one row for each user and key, for 24 hours."""

from datetime import timedelta

import pytest

from app.extensions import db
from app.models import IdempotencyKey, utcnow
from tests.models.users import create_user

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]


def test_key_is_created_once_per_user() -> None:
    ann, bob = create_user("ann"), create_user("bob")
    db.session.commit()

    row, created = IdempotencyKey.get_or_create(ann, "key", "fingerprint")
    assert created
    assert IdempotencyKey.get_or_create(ann, "key", "other") == (row, False)
    assert row.fingerprint == "fingerprint"
    assert IdempotencyKey.get_or_create(bob, "key", "fingerprint")[1]


def test_expired_key_can_be_used_again() -> None:
    ann, bob = create_user("ann"), create_user("bob")
    for user, key in ((ann, "key"), (bob, "key"), (bob, "recent")):
        age = timedelta(hours=23 if key == "recent" else 25)
        row, _created = IdempotencyKey.get_or_create(user, key, "fingerprint")
        row.timestamp = utcnow() - age
        db.session.commit()

    _row, created = IdempotencyKey.get_or_create(ann, "key", "fingerprint")

    assert created
    rows = db.session.execute(db.select(IdempotencyKey.user_id, IdempotencyKey.key)).all()
    assert {tuple(row) for row in rows} == {(ann.id, "key"), (bob.id, "key"), (bob.id, "recent")}
