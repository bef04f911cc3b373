"""Error pages: layout and texts, and no database queries if the database is unavailable."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from werkzeug.exceptions import Gone
from werkzeug.routing import RequestRedirect

from app.errors.handlers import render_error
from app.extensions import db
from app.i18n import duration
from tests.support.app_factory import make_app
from tests.support.broken_database import (
    site_with_stopped_postgres,
    site_with_unusable_sqlite_file,
    site_with_user,
)
from tests.support.databases import EphemeralPostgres, migrated, new_sqlite_url, record_statements
from tests.support.factories import Factory
from tests.support.http_client import Page, SiteClient

DROP_CONNECTIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
INTERNALS = (
    "Traceback",
    "sqlalchemy",
    "psycopg2",
    "sqlite3",
    "werkzeug",
    'File "',
    "RuntimeError",
)


def expect_error_page(page: Page, status: int, title: str = "") -> None:
    """Check the status, the layout and the title, and that no internals are shown."""
    assert page.status == status
    assert page.response.content_type == "text/html; charset=utf-8"
    assert 'class="site-header"' in page.html
    assert "css/site." in page.html
    assert f"<h1>{title}" in page.html
    assert "/" in page.links
    assert [name for name in INTERNALS if name in page.html] == []


def expect_unavailable(page: Page) -> None:
    """Check that this is the page for 503."""
    expect_error_page(page, 503, "Service temporarily unavailable")
    assert page.response.headers["Retry-After"] == "30"
    assert "Try again in 30 seconds." in page.text
    assert page.forms == []


def test_http_errors_have_a_page(make: Factory, client: SiteClient) -> None:
    user = SiteClient(client.app).log_in(make.user())
    pages = {
        "/?before=x": (400, "Bad request"),
        "/nowhere": (404, "Page not found"),
        "/follow/bob": (405, "Method not allowed"),
    }

    for path, (status, title) in pages.items():
        for visitor in (client, user):
            expect_error_page(visitor.open(path), status, title)
    assert client.open("/moderate").path.startswith("/auth/login")
    expect_error_page(user.open("/moderate"), 403, "You don’t have permission")


def test_only_descriptions_of_this_application_are_shown(client: SiteClient) -> None:
    ours, default = client.open("/?before=x").text, client.open("/nowhere").text

    assert "The URL or the form is invalid." not in ours
    assert "The page may have been deleted" in default


def test_form_without_csrf_token_is_400(make: Factory, client: SiteClient) -> None:
    client.log_in(make.user())

    page = Page("/preferences", client.client.post("/preferences", data={"theme": "dark"}))

    expect_error_page(page, 400, "Bad request")
    assert "or was not sent from this site." in page.text


PREFERS_JSON = [
    *("application/json", "application/problem+json", "application/*", "APPLICATION/JSON;q=1"),
    *("application/json, text/plain, */*", "text/html;q=0.5, application/json"),
]
PREFERS_HTML = [
    *("", "*/*", "text/html", "text/*", "image/png", "text/html, application/json", ";q=,,/"),
    *("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json;q=0"),
    *("application/json;q=0.1, text/html", "text/html, application/json;q=x", "\xe9/\xff"),
]
ERRORS = {"/?before=x": 400, "/nowhere": 404, "/follow/bob": 405, "/static/nothing.css": 404}


@pytest.mark.parametrize("accept", PREFERS_JSON)
def test_clients_that_prefer_json_get_problem_details(client: SiteClient, accept: str) -> None:
    for path, status in ERRORS.items():
        response = client.client.get(path, headers={"Accept": accept})

        assert (response.status_code, response.mimetype) == (status, "application/problem+json")
        assert response.get_json()["status"] == status
        assert response.cache_control.no_store
    detail = client.client.post("/", headers={"Accept": accept}).get_json()["detail"]
    assert detail.endswith("or was not sent from this site.")


@pytest.mark.parametrize("accept", PREFERS_HTML)
def test_other_clients_get_a_page(client: SiteClient, accept: str) -> None:
    for path, status in ERRORS.items():
        page = Page(path, client.client.get(path, headers={"Accept": accept}))

        expect_error_page(page, status)
        assert {"accept", "accept-language"} <= set(page.response.vary.as_set())


def test_unknown_host_is_json_for_clients_that_prefer_it() -> None:
    client = make_app(TRUSTED_HOSTS=["flasky.example"]).test_client()
    for accept in PREFERS_JSON:
        response = client.get("/", headers={"Host": "evil.example", "Accept": accept})
        assert (response.status_code, response.mimetype) == (400, "application/problem+json")


def test_form_that_is_too_large_is_413(make: Factory, client: SiteClient) -> None:
    page = client.log_in(make.user()).post("/", body="x" * 2_000_000)

    expect_error_page(page, 413, "Too large")


def test_other_status_has_a_general_page(app: Flask) -> None:
    with app.test_request_context("/"):
        response = app.make_response(render_error(Gone()))

    assert response.status_code == 410
    assert "<h1>Request failed</h1>" in response.get_data(as_text=True)
    assert "The request could not be completed." in response.get_data(as_text=True)
    assert response.headers.getlist("Content-Type") == ["text/html; charset=utf-8"]


def test_redirect_that_is_raised_stays_a_redirect(app: Flask) -> None:
    redirect = RequestRedirect("/elsewhere")

    with app.test_request_context("/"):
        assert render_error(redirect) is redirect


def test_rate_limit_page_says_when_to_try_again() -> None:
    app = make_app(RATELIMIT_LOGIN="1 per minute")
    client = SiteClient(app)
    fields = {"email": "a@example.com", "password": "x"}

    client.submit("/auth/login", fields)
    page = client.submit("/auth/login", fields)

    expect_error_page(page, 429, "Too many attempts")
    seconds = int(page.response.headers["Retry-After"])
    assert 1 <= seconds <= 61
    with app.test_request_context():
        assert f"Try again in {duration(seconds)}." in page.text
    assert page.response.headers["RateLimit-Limit"] == "1"
    assert page.response.headers["RateLimit-Remaining"] == "0"
    assert page.response.headers["RateLimit-Reset"] == str(seconds)


def test_error_page_is_translated(app: Flask) -> None:
    page = SiteClient(app, **{"Accept-Language": "zh-CN"}).open("/nowhere")

    assert page.status == 404
    assert '<html lang="zh-Hans"' in page.html


def test_unknown_host_is_400_in_plain_text(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app(TRUSTED_HOSTS=["flasky.example"])
    with caplog.at_level("INFO"):
        response = app.test_client().get("/", headers={"Host": "evil.example"})

    assert (response.status_code, response.mimetype) == (400, "text/plain")
    assert response.text.startswith("Unknown host.\n")
    assert response.headers["Cache-Control"] == "no-store"
    assert "'evil.example' is not trusted. To allow it, add it to TRUSTED_HOSTS." in caplog.text


@pytest.fixture
def app_with_bug(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application with a page that raises an exception."""
    url = new_sqlite_url(tmp_path_factory.mktemp("bug"))
    app = make_app(SQLALCHEMY_DATABASE_URI=url, PROPAGATE_EXCEPTIONS=False)

    def bug() -> str:
        raise RuntimeError("a secret value")

    app.add_url_rule("/bug", view_func=bug)
    with migrated(app):
        yield app


@pytest.mark.parametrize("logged_in", [False, True], ids=["anonymous", "user"])
def test_page_for_500_does_not_query_the_database(app_with_bug: Flask, logged_in: bool) -> None:
    client = SiteClient(app_with_bug)
    if logged_in:
        client.log_in(Factory(app_with_bug).user())

    with record_statements(app_with_bug) as statements:
        page = client.open("/bug")

    expect_error_page(page, 500, "Internal server error")
    assert "a secret value" not in page.html
    assert page.response.headers["X-Request-ID"] in page.text
    assert len(statements) == (1 if logged_in else 0)  # the user is loaded before the bug


def test_500_is_json_for_clients_that_prefer_it(app_with_bug: Flask) -> None:
    response = app_with_bug.test_client().get("/bug", headers={"Accept": "application/json"})

    assert (response.status_code, response.mimetype) == (500, "application/problem+json")
    assert response.get_json()["request_id"] == response.headers["X-Request-ID"]
    assert "a secret value" not in response.text


BROKEN_SITES = {
    "sqlite": site_with_unusable_sqlite_file,
    "postgresql": site_with_stopped_postgres,
}


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
)
def broken_client(request: pytest.FixtureRequest) -> Iterator[SiteClient]:
    """A logged-in client of a site whose database is unavailable."""
    with BROKEN_SITES[request.param]() as client:
        yield client


def test_unavailable_database_is_503_for_users(broken_client: SiteClient) -> None:
    paths = ("/", "/followed", "/post/1", "/user/ann", "/nowhere", "/auth/login", "/?before=x")

    for path in paths:
        expect_unavailable(broken_client.open(path))


def test_unavailable_database_is_503_for_anonymous_users(broken_client: SiteClient) -> None:
    client = SiteClient(broken_client.app)

    for path in ("/", "/post/1", "/user/ann"):
        expect_unavailable(client.open(path))
    for path in ("/nowhere", "/auth/login", "/preferences", "/follow/bob"):  # without queries
        assert client.open(path).status in {200, 404, 405}


def test_unavailable_database_is_503_for_forms(broken_client: SiteClient) -> None:
    password = "a long sentence"
    fields = {"email": "new@example.com", "username": "x", "password": password}
    client = SiteClient(broken_client.app)

    for path in ("/auth/reset", "/auth/login", "/auth/register"):
        form = client.open(path).form_with({"email"})
        response = client.client.post(path, data={**form.fields, **fields, "password2": password})
        expect_unavailable(Page(path, response))


def test_stylesheets_of_the_error_page_are_available(broken_client: SiteClient) -> None:
    page = broken_client.open("/")
    urls = [part.split('"')[0] for part in page.html.split('rel="stylesheet" href="')[1:]]

    assert urls
    for url in urls:
        with broken_client.client.get(url) as response:
            assert response.status_code == 200


@pytest.mark.slow
@pytest.mark.postgresql
def test_dropped_connections_cause_no_error(postgres: EphemeralPostgres) -> None:
    with site_with_user(postgres.new_database()) as (app, client):
        assert client.open("/").status == 200
        admin = create_engine(postgres.url("postgres"))
        with app.app_context(), admin.connect() as connection:
            name = {"name": db.engine.url.database}
            dropped = connection.scalars(text(DROP_CONNECTIONS), name).all()
        admin.dispose()

        assert dropped
        assert client.open("/").status == 200
