"""What has expired is deleted."""

from datetime import timedelta

import pytest
from flask import Flask

from app.auth.expiry import delete_expired
from app.extensions import db
from app.models import Registration, utcnow
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
