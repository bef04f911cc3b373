"""Times go into the database with a zone and come back in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import StatementError

from app.extensions import db
from app.models import utcnow
from tests.models.people import saved

pytestmark = pytest.mark.usefixtures("context")


def test_time_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - the mistake that is to be noticed

    with pytest.raises(StatementError, match="no time zone"):
        saved(last_seen=naive)


@pytest.mark.parametrize("hours", [-11, 0, 8])
def test_time_of_any_zone_comes_back_as_the_same_moment_in_utc(hours: int) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678, timezone(timedelta(hours=hours)))

    user = saved(last_seen=moment)
    db.session.refresh(user)

    assert user.last_seen == moment
    assert user.last_seen.tzinfo is UTC


def test_now_is_aware_of_its_zone() -> None:
    assert utcnow().tzinfo is UTC
