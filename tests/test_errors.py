"""Every error page looks like the site and says what to do; those of a broken site ask nothing."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from app.extensions import db

from .broken import (
    site_whose_file_became_a_folder,
    site_whose_server_has_stopped,
    site_with_a_member,
)
from .databases import EphemeralPostgres, counted_statements, migrated, new_sqlite_url
from .factories import Factory
from .reader import Page, Reader
from .settings import make_app

DROP_CONNECTIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
TRACES = ("Traceback", "sqlalchemy", "psycopg2", "sqlite3", "werkzeug", 'File "', "RuntimeError")


def expect_error_page(page: Page, status: int) -> None:
    """Check that it has the status, looks like the site, leads home and tells no secrets."""
    assert page.status == status
    assert page.response.content_type == "text/html; charset=utf-8"
    assert 'class="site-header"' in page.html
    assert "css/base." in page.html
    assert "<h1>" in page.html
    assert "/" in page.links
    assert [word for word in TRACES if word in page.html] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [("/?before=x", 400), ("/moderate", 403), ("/nowhere", 404), ("/follow/bob", 405)],
)
@pytest.mark.parametrize("member", [False, True], ids=["stranger", "member"])
def test_error_has_a_page(
    make: Factory, reader: Reader, path: str, status: int, member: bool
) -> None:
    if member:
        reader.log_in(make.user())
    elif status == 403:
        status = 200  # strangers are asked to log in

    page = reader.open(path)

    if status == 200:
        assert page.path.startswith("/auth/login")
    else:
        expect_error_page(page, status)


def test_form_that_is_too_large_has_a_page(make: Factory, reader: Reader) -> None:
    page = reader.log_in(make.user()).post("/", body="x" * 2_000_000)

    expect_error_page(page, 413)


def test_too_many_attempts_have_a_page(reader: Reader) -> None:
    for _ in range(20):
        reader.submit("/auth/login", {"email": "a@example.com", "password": "wrong"})

    page = reader.submit("/auth/login", {"email": "a@example.com", "password": "wrong"})

    expect_error_page(page, 429)


def test_error_page_speaks_the_language_of_the_reader(app: Flask) -> None:
    page = Reader(app, **{"Accept-Language": "zh-CN"}).open("/nowhere")

    assert page.status == 404
    assert '<html lang="zh-Hans"' in page.html


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_odd_method_is_refused(app: Flask, make: Factory, method: str) -> None:
    answer = app.test_client().open("/", method=method)

    assert answer.status_code in {400, 405}


@pytest.fixture
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A site with a page that has a bug."""
    url = new_sqlite_url(tmp_path_factory.mktemp("faulty"))
    app = make_app(SQLALCHEMY_DATABASE_URI=url, PROPAGATE_EXCEPTIONS=False)

    def bug() -> str:
        raise RuntimeError("a secret of ours")

    app.add_url_rule("/bug", view_func=bug)
    with migrated(app):
        yield app


@pytest.mark.parametrize("member", [False, True], ids=["stranger", "member"])
def test_bug_has_a_page_that_does_not_ask_the_database(faulty: Flask, member: bool) -> None:
    reader = Reader(faulty)
    if member:
        reader.log_in(Factory(faulty).user())

    with counted_statements(faulty) as seen:
        page = reader.open("/bug")

    expect_error_page(page, 500)
    assert "a secret of ours" not in page.html
    assert len(seen) == (1 if member else 0)  # who is reading, before the bug


BREAKERS = {
    "sqlite": site_whose_file_became_a_folder,
    "postgresql": site_whose_server_has_stopped,
}


@pytest.fixture(scope="module", params=BREAKERS)
def stranded(request: pytest.FixtureRequest) -> Iterator[Reader]:
    """Somebody who is logged in to a site whose database has gone away."""
    with BREAKERS[request.param]() as reader:
        yield reader


def expect_unavailable(page: Page) -> None:
    expect_error_page(page, 503)
    assert page.response.headers["Retry-After"] == "30"
    assert "Try again in half a minute" in page.text
    assert page.forms == []


@pytest.mark.parametrize(
    "path", ["/", "/followed", "/post/1", "/user/ann", "/nowhere", "/auth/login", "/?before=x"]
)
def test_member_is_told_that_the_database_is_away(stranded: Reader, path: str) -> None:
    expect_unavailable(stranded.open(path))


@pytest.mark.parametrize("path", ["/", "/post/1", "/user/ann"])
def test_stranger_is_told_that_the_database_is_away(stranded: Reader, path: str) -> None:
    expect_unavailable(Reader(stranded.app).open(path))


@pytest.mark.parametrize("path", ["/auth/reset", "/auth/login", "/auth/register"])
def test_form_is_told_that_the_database_is_away(stranded: Reader, path: str) -> None:
    fields = {"email": "stranger@example.com", "username": "x", "password": "a long sentence"}
    reader = Reader(stranded.app)
    form = reader.open(path).form_with({"email"})

    answer = reader.client.post(
        path, data={**form.fields, **fields, "password2": "a long sentence"}
    )

    expect_unavailable(Page(path, answer))


@pytest.mark.parametrize("path", ["/nowhere", "/auth/login", "/preferences", "/follow/bob"])
def test_page_that_needs_no_database_is_there_for_strangers(stranded: Reader, path: str) -> None:
    assert Reader(stranded.app).open(path).status in {200, 404, 405}


def test_error_page_keeps_its_looks(stranded: Reader) -> None:
    page = stranded.open("/")
    sheets = [part.split('"')[0] for part in page.html.split('rel="stylesheet" href="')[1:]]

    assert sheets
    for sheet in sheets:
        with stranded.client.get(sheet) as answer:
            assert answer.status_code == 200


def test_connections_that_the_server_dropped_cost_no_reader_a_page(
    postgres: EphemeralPostgres,
) -> None:
    with site_with_a_member(postgres.new_database()) as (app, reader):
        assert reader.open("/").status == 200
        outside = create_engine(postgres.url("postgres"))
        with app.app_context(), outside.connect() as connection:
            name = {"name": db.engine.url.database}
            dropped = connection.scalars(text(DROP_CONNECTIONS), name).all()
        outside.dispose()

        assert dropped
        assert reader.open("/").status == 200
