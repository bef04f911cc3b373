"""Cookies at an https address, and a site on Heroku: as production has them."""

from collections.abc import Iterator

import pytest
from flask import Flask, request

from .databases import clean, migrated, new_sqlite_url
from .factories import Factory, Person
from .reader import Reader
from .settings import make_app_from

SITE = "https://localhost"  # the host that the test client names
SESSION, REMEMBER = "__Host-session", "__Host-remember_token"
ENVIRONMENT = {"SECRET_KEY": "k" * 48, "PASSWORD_HASH_METHOD": "scrypt:256:8:1"}
OVER_TLS = {"X-Forwarded-Proto": "https", "Referer": f"{SITE}/"}
NEW_PASSWORD = "another long sentence"


@pytest.fixture(scope="module")
def secure_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The site in production at an https address, behind one proxy."""
    url = new_sqlite_url(tmp_path_factory.mktemp("https"))
    environment = ENVIRONMENT | {"FLASKY_URL": SITE, "FLASKY_PROXIES": "1", "SSL_REDIRECT": "1"}
    app = make_app_from("production", DATABASE_URL=url, **environment)
    with migrated(app):
        yield app


@pytest.fixture
def ann(secure_site: Flask) -> Iterator[Person]:
    yield Factory(secure_site).user()
    clean(secure_site)


@pytest.fixture
def reader(secure_site: Flask) -> Reader:
    """Somebody with a browser at the https address."""
    return Reader(secure_site, **OVER_TLS)


def cookie(reader: Reader, name: str) -> tuple[object, ...]:
    """Return what matters of a cookie: Secure, HttpOnly, Path, no Domain, SameSite."""
    kept = reader.client.get_cookie(name)
    assert kept is not None, f"There is no cookie {name}."
    return kept.secure, kept.http_only, kept.path, kept.origin_only, kept.same_site


@pytest.mark.parametrize("name", [SESSION, REMEMBER])
def test_login_cookies_keep_to_this_host_and_tls(reader: Reader, ann: Person, name: str) -> None:
    reader.log_in(ann, remember_me="y")

    assert cookie(reader, name) == (True, True, "/", True, "Lax")


def test_cookies_that_another_host_could_set_are_not_read(reader: Reader, ann: Person) -> None:
    reader.log_in(ann, remember_me="y")
    other = Reader(reader.app, **OVER_TLS)
    for name in (SESSION, REMEMBER):
        kept = reader.client.get_cookie(name)
        assert kept is not None
        other.client.set_cookie(name.removeprefix("__Host-"), kept.value)

    assert other.open("/followed").path.startswith("/auth/login")


def test_browser_is_remembered_without_its_session(reader: Reader, ann: Person) -> None:
    reader.log_in(ann, remember_me="y")
    reader.client.delete_cookie(SESSION)

    assert reader.open("/followed").path == "/followed"


def test_browser_stays_remembered_when_the_password_changes(reader: Reader, ann: Person) -> None:
    reader.log_in(ann, remember_me="y")
    passwords = {"password": NEW_PASSWORD, "password2": NEW_PASSWORD}
    reader.submit("/auth/change-password", {"old_password": ann.password, **passwords})
    reader.client.delete_cookie(SESSION)

    assert reader.open("/followed").path == "/followed"


def test_browser_that_is_not_remembered_does_not_become_so(reader: Reader, ann: Person) -> None:
    reader.log_in(ann)
    passwords = {"password": NEW_PASSWORD, "password2": NEW_PASSWORD}
    reader.submit("/auth/change-password", {"old_password": ann.password, **passwords})

    assert reader.client.get_cookie(REMEMBER) is None


def test_logging_out_takes_the_cookie_back(reader: Reader, ann: Person) -> None:
    reader.log_in(ann, remember_me="y").submit("/", action="/auth/logout")

    assert reader.client.get_cookie(REMEMBER) is None
    assert reader.open("/followed").path.startswith("/auth/login")


@pytest.mark.parametrize("name", ["lang", "theme"])
def test_preferences_keep_to_tls(reader: Reader, name: str) -> None:
    reader.submit("/preferences", {"theme": "dark", "locale": "en"})

    secure, _http_only, path, _origin_only, same_site = cookie(reader, name)
    assert (secure, path, same_site) == (True, "/", "Lax")


def test_plain_site_has_plain_cookies(tmp_path_factory: pytest.TempPathFactory) -> None:
    url = new_sqlite_url(tmp_path_factory.mktemp("http"))
    environment = ENVIRONMENT | {"FLASKY_URL": "http://localhost", "FLASKY_PROXIES": "1"}
    app = make_app_from("production", DATABASE_URL=url, **environment)
    with migrated(app):
        reader = Reader(app, **{"X-Forwarded-Proto": "http"})
        reader.log_in(Factory(app).user(), remember_me="y")
        reader.submit("/preferences", {"theme": "dark", "locale": "en"})

    for name in ("session", "remember_token"):
        assert cookie(reader, name) == (False, True, "/", True, "Lax")
    assert cookie(reader, "theme")[0] is False


# What Heroku's router adds to a request, or puts in place of what the client sent.
ROUTER = {
    "X-Forwarded-For": "192.0.2.66, 198.51.100.7",
    "X-Forwarded-Port": "443",
    "X-Forwarded-Proto": "https",
    "X-Request-Id": "7b1e9a36-4f0c-4b8e-8f0e-6f5a3c2d1e0f",
    "X-Request-Start": "1763664000000",
    "Via": "1.1 vegur",
}


@pytest.fixture(scope="module")
def heroku(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The site in a dyno, where nothing says which configuration it is."""
    app = make_app_from(
        "heroku",
        DYNO="web.1",
        DATABASE_URL=new_sqlite_url(tmp_path_factory.mktemp("heroku")),
        FLASKY_URL="https://flasky.herokuapp.com",
        **ENVIRONMENT,
    )
    app.add_url_rule("/address", "address", lambda: f"{request.remote_addr} {request.url}")
    return app


def test_dyno_sees_the_reader_behind_the_router(heroku: Flask) -> None:
    answer = heroku.test_client().get(
        "/address", headers={**ROUTER, "Host": "flasky.herokuapp.com"}
    )

    assert answer.text == "198.51.100.7 https://flasky.herokuapp.com/address"
    assert "Strict-Transport-Security" in answer.headers


def test_dyno_sends_plain_http_to_https(heroku: Flask) -> None:
    plain = {**ROUTER, "X-Forwarded-Proto": "http", "X-Forwarded-Port": "80"}
    answer = heroku.test_client().get(
        "/address?x=%2F", headers={**plain, "Host": "flasky.herokuapp.com"}
    )

    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://flasky.herokuapp.com/address?x=%2F"
