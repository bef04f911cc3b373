"""Login sessions: how long they are valid."""

from datetime import timedelta

import pytest
from flask import Flask

from app.extensions import db
from app.models import LoginSession, utcnow
from tests.models.users import create_user

pytestmark = pytest.mark.usefixtures("context")


@pytest.mark.parametrize(
    ("remember", "setting"),
    [(True, "REMEMBER_COOKIE_DURATION"), (False, "PERMANENT_SESSION_LIFETIME")],
)
def test_session_is_valid_as_long_as_its_cookie(
    app: Flask, monkeypatch: pytest.MonkeyPatch, remember: bool, setting: str
) -> None:
    monkeypatch.setitem(app.config, setting, timedelta(days=5))
    before = utcnow()

    LoginSession.issue(create_user(), remember)

    [row] = db.session.scalars(db.select(LoginSession))
    assert before <= row.expires_at - timedelta(days=5) <= utcnow()
