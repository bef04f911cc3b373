"""Cookies authenticate pages, not the API."""

from flask import Flask
from flask_login import current_user

from app.extensions import db
from app.models import User
from app.security.login_manager import loaded_user, loaded_user_id, set_loaded_user
from tests.support.databases import record_statements
from tests.support.factories import Factory
from tests.support.http_client import SiteClient


def test_api_ignores_session_and_remember_cookies(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    client.log_in(make.user(), remember_me="y")

    assert client.open("/edit-profile").status == 200
    response = client.client.get("/api/v1/me")
    assert response.status_code == 401
    assert response.headers.getlist("Set-Cookie") == []
    client.client.delete_cookie("session")
    assert client.client.get("/api/v1/me").status_code == 401
    assert client.open("/edit-profile").path == "/edit-profile"


def test_anonymous_user_is_redirected_to_the_login_page(client: SiteClient) -> None:
    assert client.open("/edit-profile").path.startswith("/auth/login")


def test_loaded_user_executes_no_statement(app: Flask, make: Factory) -> None:
    ann = make.user()
    with app.test_request_context():
        assert loaded_user() is None
        assert loaded_user_id() is None
        user = db.session.get(User, ann.id)
        with record_statements(app) as statements:
            set_loaded_user(user)

            assert loaded_user() is current_user._get_current_object()
            assert loaded_user_id() == ann.id
        assert statements == []
