"""Timestamps are timezone-aware and in UTC on both databases."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import StatementError

from app.extensions import db
from app.models import utcnow
from tests.models.users import create_user

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]


def test_naive_datetime_is_refused() -> None:
    naive = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - the mistake under test

    with pytest.raises(StatementError, match="no time zone"):
        create_user(last_seen=naive)


def test_datetime_is_returned_in_utc() -> None:
    assert utcnow().tzinfo is UTC
    for hours in (-11, 0, 8):
        moment = datetime(2026, 1, 2, 3, 4, 5, 678, timezone(timedelta(hours=hours)))

        user = create_user(f"user{hours}", last_seen=moment)
        db.session.refresh(user)

        assert user.last_seen == moment
        assert user.last_seen.tzinfo is UTC
