"""Session cookies: the signer is kept, but not longer than the keys."""

import pytest
from flask import Flask, session
from flask.testing import FlaskClient

from app.security import sessions


@pytest.fixture
def small_app() -> Flask:
    """An application with pages that set and show a value of the session."""
    app = Flask("small")
    app.secret_key = "a key"
    sessions.init_app(app)
    app.add_url_rule("/set", "set", lambda: session.setdefault("mark", "kept"))
    app.add_url_rule("/show", "show", lambda: session.get("mark", "none"))
    return app


@pytest.fixture
def visitor(small_app: Flask) -> FlaskClient:
    """A visitor of `small_app` whose session is not empty."""
    visitor = small_app.test_client()
    assert visitor.get("/show").text == "none"
    visitor.get("/set")
    return visitor


def test_session_is_kept_in_a_cookie(visitor: FlaskClient) -> None:
    assert visitor.get("/show").text == "kept"


def test_session_survives_a_key_that_becomes_a_fallback(
    small_app: Flask, visitor: FlaskClient
) -> None:
    small_app.config.update(SECRET_KEY_FALLBACKS=["a key"], SECRET_KEY="another")
    assert visitor.get("/show").text == "kept"


def test_session_ends_with_its_key(small_app: Flask, visitor: FlaskClient) -> None:
    small_app.config.update(SECRET_KEY="another")
    assert visitor.get("/show").text == "none"


def test_signer_is_created_once(
    small_app: Flask, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("flask.sessions.URLSafeTimedSerializer")
    assert visitor.get("/show").text == "kept"


def test_site_keeps_its_signer(app: Flask) -> None:
    assert isinstance(app.session_interface, sessions.KeptSignerInterface)
