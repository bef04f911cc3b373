"""The endpoint /metrics, and how requests are counted."""

import random
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, stream_with_context

from tests.support.app_factory import make_app
from tests.support.databases import migrated, new_sqlite_url, record_statements
from tests.support.factories import Factory
from tests.support.http_client import SiteClient
from tests.support.metrics import REQUESTS, Scrape, increase

REMOTE = {"REMOTE_ADDR": "203.0.113.9"}
TOKEN = "a token for monitoring"
FAILED = {"method": "GET", "endpoint": "fail", "status": "500"}


@pytest.fixture
def failing_app(tmp_path: Path) -> Iterator[Flask]:
    """An application with a view that raises LookupError."""
    app = make_app(SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path), PROPAGATE_EXCEPTIONS=False)
    app.add_url_rule("/fail", "fail", fail)
    with migrated(app):
        yield app


def fail() -> str:
    raise LookupError("on purpose")


def test_remote_client_without_token_gets_403(app: Flask) -> None:
    response = app.test_client().get("/metrics", environ_overrides=REMOTE)

    assert response.status_code == 403
    assert "METRICS_TOKEN" in response.text
    assert "flasky_" not in response.text
    assert response.headers["Cache-Control"] == "no-store"


def test_remote_client_with_token_gets_metrics(tmp_path: Path) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path), METRICS_TOKEN=TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}"}

    response = app.test_client().get("/metrics", headers=headers, environ_overrides=REMOTE)

    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")


def test_requests_are_counted_by_method_endpoint_and_status(app: Flask, make: Factory) -> None:
    post = make.post(make.user())
    before = Scrape(app)

    for _ in range(3):
        app.test_client().get(f"/post/{post}")
    app.test_client().get("/post/4711")

    labels = {"method": "GET", "endpoint": "main.post"}
    assert increase(app, before, REQUESTS, **labels, status="200") == 3
    assert increase(app, before, REQUESTS, **labels, status="404") == 1
    assert increase(app, before, "flasky_http_request_duration_seconds_count", **labels) == 4


def test_streamed_response_is_counted_with_its_endpoint(failing_app: Flask) -> None:
    failing_app.view_functions["fail"] = lambda: stream_with_context(iter("abc"))
    before = Scrape(failing_app)

    assert failing_app.test_client().get("/fail").text == "abc"

    labels = {"method": "GET", "endpoint": "fail", "status": "200"}
    assert increase(failing_app, before, REQUESTS, **labels) == 1


@pytest.mark.slow
def test_clients_cannot_add_time_series(app: Flask) -> None:
    client = app.test_client()
    rng = random.Random(3)
    known = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"]
    unknown = ["".join(rng.choices(string.ascii_uppercase, k=6)) for _ in range(20)]
    for method in [*known, "NEW"]:
        client.open("/nowhere", method=method)
    Scrape(app)  # adds the series of /metrics itself
    before = Scrape(app)

    for number in range(200):
        path = "".join(rng.choices(string.ascii_letters + "/%?=.", k=12))
        client.open(f"/{number}{path}", method=rng.choice(known + unknown))

    after = Scrape(app)
    assert set(after.samples) - set(before.samples) == set()
    assert after.total(REQUESTS) - before.total(REQUESTS) == 201  # and the scrape before


@pytest.mark.slow
def test_exceptions_are_counted_by_type_and_endpoint(failing_app: Flask) -> None:
    before = Scrape(failing_app)

    failing_app.test_client().get("/fail")

    labels = {"type": "LookupError", "endpoint": "fail"}
    assert increase(failing_app, before, "flasky_exceptions_total", **labels) == 1
    assert increase(failing_app, before, REQUESTS, **FAILED) == 1


def test_exception_that_reaches_the_server_is_counted(failing_app: Flask) -> None:
    before = Scrape(failing_app)
    failing_app.config["PROPAGATE_EXCEPTIONS"] = True

    with pytest.raises(LookupError):
        failing_app.test_client().get("/fail")

    assert increase(failing_app, before, REQUESTS, **FAILED) == 1
    assert Scrape(failing_app).value("flasky_http_requests_in_flight") == 1  # the scrape itself


@pytest.mark.slow
def test_requests_in_flight_are_counted(failing_app: Flask) -> None:
    in_flight = []

    def scrape() -> str:
        in_flight.append(Scrape(failing_app).value("flasky_http_requests_in_flight"))
        return ""

    failing_app.view_functions["fail"] = scrape
    failing_app.test_client().get("/fail")
    failing_app.view_functions["fail"] = fail
    failing_app.test_client().get("/fail")
    with failing_app.test_client().get("/static/favicon.svg") as response:
        assert response.status_code == 200  # whose body is never read

    assert in_flight == [2]
    assert Scrape(failing_app).value("flasky_http_requests_in_flight") == 1


def test_counting_a_request_executes_no_statement(app: Flask, client: SiteClient) -> None:
    with record_statements(app) as statements:
        client.open("/preferences")

    assert statements == []
