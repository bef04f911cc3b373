"""Cookies and proxy headers of a production site with an https URL."""

from collections.abc import Iterator

import pytest
from flask import Flask, request

from tests.support.app_factory import make_app_from
from tests.support.databases import clear_database, migrated, new_sqlite_url
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient

SITE_URL = "https://localhost"  # the host of the test client
SESSION, REMEMBER = "__Host-session", "__Host-remember_token"
ENVIRONMENT = {"SECRET_KEY": "k" * 48, "PASSWORD_HASH_METHOD": "scrypt:256:8:1"}
OVER_TLS = {"X-Forwarded-Proto": "https", "Referer": f"{SITE_URL}/"}
NEW_PASSWORD = "another long sentence"


@pytest.fixture(scope="module")
def secure_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A production site with an https URL, behind a proxy."""
    environment = {"SITE_URL": SITE_URL, "TRUSTED_PROXY_COUNT": "1", "SSL_REDIRECT": "1"}
    url = new_sqlite_url(tmp_path_factory.mktemp("https"))
    app = make_app_from("production", DATABASE_URL=url, **ENVIRONMENT, **environment)
    with migrated(app):
        yield app


@pytest.fixture
def ann(secure_site: Flask) -> Iterator[UserData]:
    yield Factory(secure_site).user()
    clear_database(secure_site)


@pytest.fixture
def client(secure_site: Flask) -> SiteClient:
    return SiteClient(secure_site, **OVER_TLS)


def attributes(client: SiteClient, name: str) -> tuple[object, ...]:
    """Return the attributes of a cookie: Secure, HttpOnly, Path, no Domain, SameSite."""
    cookie = client.client.get_cookie(name)
    assert cookie is not None, f"There is no cookie {name}."
    return cookie.secure, cookie.http_only, cookie.path, cookie.origin_only, cookie.same_site


def change_password(client: SiteClient, user: UserData) -> None:
    passwords = {"password": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client.submit("/auth/change-password", {"old_password": user.password, **passwords})


def test_cookies_are_bound_to_the_host_and_to_tls(client: SiteClient, ann: UserData) -> None:
    client.log_in(ann, remember_me="y").submit("/preferences", {"theme": "dark", "locale": "en"})

    for name in (SESSION, REMEMBER):
        assert attributes(client, name) == (True, True, "/", True, "Lax")
    for name in ("lang", "theme"):
        secure, _http_only, path, _origin_only, same_site = attributes(client, name)
        assert (secure, path, same_site) == (True, "/", "Lax")


def test_cookies_without_host_prefix_are_ignored(client: SiteClient, ann: UserData) -> None:
    client.log_in(ann, remember_me="y")
    other = SiteClient(client.app, **OVER_TLS)
    for name in (SESSION, REMEMBER):
        cookie = client.client.get_cookie(name)
        assert cookie is not None
        other.client.set_cookie(name.removeprefix("__Host-"), cookie.value)

    assert other.open("/followed").path.startswith("/auth/login")


def test_remember_cookie_logs_in_without_a_session(client: SiteClient, ann: UserData) -> None:
    client.log_in(ann, remember_me="y")
    client.client.delete_cookie(SESSION)

    assert client.open("/followed").path == "/followed"


def test_remember_cookie_is_renewed_when_the_password_changes(
    client: SiteClient, ann: UserData
) -> None:
    client.log_in(ann, remember_me="y")
    change_password(client, ann)
    client.client.delete_cookie(SESSION)

    assert client.open("/followed").path == "/followed"


def test_password_change_sets_no_new_remember_cookie(client: SiteClient, ann: UserData) -> None:
    client.log_in(ann)
    change_password(client, ann)

    assert client.client.get_cookie(REMEMBER) is None


def test_logout_deletes_the_remember_cookie(client: SiteClient, ann: UserData) -> None:
    client.log_in(ann, remember_me="y").submit("/", action="/auth/logout")

    assert client.client.get_cookie(REMEMBER) is None
    assert client.open("/followed").path.startswith("/auth/login")


def test_cookies_of_an_http_site_are_not_secure(tmp_path_factory: pytest.TempPathFactory) -> None:
    url = new_sqlite_url(tmp_path_factory.mktemp("http"))
    environment = ENVIRONMENT | {"SITE_URL": "http://localhost", "TRUSTED_PROXY_COUNT": "1"}
    app = make_app_from("production", DATABASE_URL=url, **environment)
    with migrated(app):
        client = SiteClient(app, **{"X-Forwarded-Proto": "http"})
        client.log_in(Factory(app).user(), remember_me="y")
        client.submit("/preferences", {"theme": "dark", "locale": "en"})

    for name in ("session", "remember_token"):
        assert attributes(client, name) == (False, True, "/", True, "Lax")
    assert attributes(client, "theme")[0] is False


# The headers that Heroku's router adds or replaces.
ROUTER = {
    "Host": "flasky.herokuapp.com",
    "X-Forwarded-For": "192.0.2.66, 198.51.100.7",
    "X-Forwarded-Port": "443",
    "X-Forwarded-Proto": "https",
    "X-Request-Id": "7b1e9a36-4f0c-4b8e-8f0e-6f5a3c2d1e0f",
    "X-Request-Start": "1763664000000",
    "Via": "1.1 vegur",
}


@pytest.fixture(scope="module")
def heroku(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application in a dyno."""
    app = make_app_from(
        "heroku",
        DYNO="web.1",
        DATABASE_URL=new_sqlite_url(tmp_path_factory.mktemp("heroku")),
        SITE_URL="https://flasky.herokuapp.com",
        **ENVIRONMENT,
    )
    app.add_url_rule("/ip", "ip", lambda: f"{request.remote_addr} {request.url}")
    return app


def test_dyno_gets_the_client_ip_from_the_router(heroku: Flask) -> None:
    response = heroku.test_client().get("/ip", headers=ROUTER)

    assert response.text == "198.51.100.7 https://flasky.herokuapp.com/ip"
    assert "Strict-Transport-Security" in response.headers


def test_dyno_redirects_http(heroku: Flask) -> None:
    headers = {**ROUTER, "X-Forwarded-Proto": "http", "X-Forwarded-Port": "80"}

    response = heroku.test_client().get("/ip?x=%2F", headers=headers)

    assert response.status_code == 301
    assert response.headers["Location"] == "https://flasky.herokuapp.com/ip?x=%2F"
