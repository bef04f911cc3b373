"""Digests are due once a day, for users who want them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import User, read_unsubscribe_token, utcnow
from tests.models.users import create_user

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]


def may_get_digest(user: User) -> bool:
    return bool(db.session.scalar(select(User.may_get_digest()).where(User.id == user.id)))


@pytest.mark.parametrize(
    ("wanted", "age", "expected"),
    [
        (True, User.DIGEST_INTERVAL, True),
        (True, User.DIGEST_INTERVAL - timedelta(minutes=5), False),
        (False, timedelta(days=9), False),
    ],
    ids=["due", "not due yet", "off"],
)
def test_digest_is_due(wanted: bool, age: timedelta, expected: bool) -> None:
    user = create_user(email_digest=wanted, digest_at=utcnow() - age, confirmed=True)

    assert may_get_digest(user) is expected


def test_link_to_unsubscribe_stays_valid() -> None:
    user = create_user()
    token = user.generate_unsubscribe_token()
    user.renew_security_stamp()

    assert read_unsubscribe_token(token) == user.id
    assert read_unsubscribe_token(user.generate_reset_token()) is None
