"""New users have read everything."""

import pytest

from app.models import utcnow
from tests.models.users import create_user

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]


def test_new_users_have_read_what_is_older_than_their_account() -> None:
    user = create_user()

    assert user.member_since <= user.notifications_read_at <= utcnow()
