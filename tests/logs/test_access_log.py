"""The access log and request IDs."""

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response, abort, g
from sqlalchemy.exc import OperationalError

from app.extensions import db
from app.logs.access_log import add_request_context, current_request_id
from app.models import User
from app.security.login_manager import loaded_user_id
from tests.support.app_factory import make_app
from tests.support.databases import record_statements
from tests.support.factories import Factory
from tests.support.http_client import SiteClient
from tests.support.log_capture import log_entries, make_record, restored_root_logger

Captured = pytest.CaptureFixture[str]
GENERATED_ID = re.compile(r"[0-9a-f]{32}")


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    with restored_root_logger() as logger:
        yield logger


@pytest.fixture(scope="module")
def site() -> Iterator[Flask]:
    """An application with the default settings of `make_site`."""
    with restored_root_logger():
        yield make_site()


def make_site(**settings: Any) -> Flask:
    """Return an application with a JSON log and failing views."""
    defaults = {"TRUSTED_HOSTS": ["localhost"], "LOG_FORMAT": "json"}
    app = make_app(**{"PROPAGATE_EXCEPTIONS": False, **defaults, **settings})

    def bug() -> str:
        raise RuntimeError("on purpose")

    def database() -> str:
        raise OperationalError("SELECT 1", {}, Exception("server closed the connection"))

    views = {"bug": bug, "database": database, "unavailable": lambda: abort(503)}
    for name, view in views.items():
        app.add_url_rule(f"/{name}", name, view, methods=["GET", "POST"])
    return app


REQUESTS = [
    ("GET", "/preferences", "localhost", 200, "main.preferences"),
    ("HEAD", "/preferences", "localhost", 200, "main.preferences"),
    ("GET", "/moderate", "localhost", 302, "main.moderate"),
    ("POST", "/auth/login", "localhost", 400, "auth.login"),
    ("GET", "/static/none.css", "localhost", 404, "static"),
    ("POST", "/nowhere", "localhost", 404, None),
    ("BREW", "/preferences", "localhost", 405, None),
    ("GET", "/preferences", "evil.example", 400, None),
    ("GET", "/preferences", "<>", 400, None),
    ("GET", "/bug", "localhost", 500, "bug"),
    ("GET", "/database", "localhost", 503, "database"),
    ("GET", "/unavailable", "localhost", 503, "unavailable"),
]


@pytest.mark.parametrize(("method", "path", "host", "status", "endpoint"), REQUESTS)
def test_each_request_is_logged_once(
    site: Flask,
    capsys: Captured,
    method: str,
    path: str,
    host: str,
    status: int,
    endpoint: str | None,
) -> None:
    client = site.test_client()
    capsys.readouterr()

    response = client.open(path, method=method, headers={"Host": host})

    (entry,) = log_entries(capsys, "app.requests")
    assert response.status_code == status
    assert (entry["method"], entry["path"], entry["status"]) == (method, path, status)
    assert entry["endpoint"] == endpoint
    assert entry["request_id"] == response.headers["X-Request-ID"]
    assert entry["remote_addr"] == "127.0.0.1"
    assert entry["duration_ms"] > 0
    assert entry["user_id"] is None


def test_exception_that_reaches_the_server_is_logged(capsys: Captured) -> None:
    client = make_site(PROPAGATE_EXCEPTIONS=True).test_client()
    capsys.readouterr()

    with pytest.raises(RuntimeError):
        client.get("/bug")

    (entry,) = log_entries(capsys, "app.requests")
    assert (entry["path"], entry["status"]) == ("/bug", 500)


def test_response_has_its_request_id_if_an_after_request_function_fails(capsys: Captured) -> None:
    app = make_site()

    @app.after_request
    def fail(_response: Response) -> Response:
        raise RuntimeError("on purpose")

    response = app.test_client().get("/preferences")

    (entry,) = log_entries(capsys, "app.requests")
    assert response.status_code == entry["status"] == 500
    assert response.headers.getlist("X-Request-ID") == [entry["request_id"]]


def test_traceback_has_the_context_of_its_request(capsys: Captured) -> None:
    response = make_site().test_client().get("/bug")

    (error,) = [entry for entry in log_entries(capsys) if entry["level"] == "ERROR"]
    assert "on purpose" in error["exception"]
    assert error["request_id"] == response.headers["X-Request-ID"]
    assert (error["method"], error["path"], error["endpoint"]) == ("GET", "/bug", "bug")


RECEIVED_IDS = {
    "no proxy": (0, "id-of-a-proxy", False),
    "a proxy": (1, "id-of-a-proxy", True),
    "shortest": (1, "12345678", True),
    "longest": (1, "x" * 64, True),
    "too short": (1, "1234567", False),
    "too long": (1, "x" * 65, False),
    "not ASCII": (1, "ümlaut-id", False),
    "markup": (1, "<script>alert(1)</script>", False),
    "two": (1, "id-of-a-proxy,another-id", False),
    "empty": (1, "", False),
}


@pytest.mark.parametrize(
    ("proxies", "received", "is_accepted"), RECEIVED_IDS.values(), ids=RECEIVED_IDS
)
def test_only_a_valid_request_id_of_a_trusted_proxy_is_accepted(
    site: Flask, monkeypatch: pytest.MonkeyPatch, proxies: int, received: str, is_accepted: bool
) -> None:
    monkeypatch.setitem(site.config, "TRUSTED_PROXY_COUNT", proxies)
    headers = {"X-Request-ID": received}

    request_id = site.test_client().get("/preferences", headers=headers).headers["X-Request-ID"]

    assert (request_id == received) is is_accepted
    assert is_accepted or GENERATED_ID.fullmatch(request_id)


def test_request_ids_are_unique(site: Flask) -> None:
    client = site.test_client()

    assert len({client.get("/preferences").headers["X-Request-ID"] for _ in range(5)}) == 5


@pytest.mark.parametrize(
    ("path", "is_shown"),
    [("/bug", True), ("/database", True), ("/unavailable", True), ("/nowhere", False)],
)
def test_pages_of_server_errors_show_the_request_id(
    site: Flask, path: str, is_shown: bool
) -> None:
    response = site.test_client().get(path)

    assert (response.headers["X-Request-ID"] in response.text) is is_shown


@pytest.mark.parametrize(
    ("level", "path", "is_logged"),
    [
        ("INFO", "/static/css/base.css", False),
        ("INFO", "/bootstrap/static/css/bootstrap.min.css", False),
        ("INFO", "/healthz", False),
        ("INFO", "/static/none.css", True),
        ("DEBUG", "/static/css/base.css", True),
        ("DEBUG", "/healthz", True),
        ("WARNING", "/preferences", False),
    ],
)
def test_routine_requests_are_logged_at_level_debug(
    capsys: Captured, level: str, path: str, is_logged: bool
) -> None:
    client = make_site(LOG_LEVEL=level).test_client()
    capsys.readouterr()

    client.get(path).close()

    assert bool(log_entries(capsys, "app.requests")) is is_logged


@pytest.mark.parametrize(("limit", "level"), [(0, "INFO"), (1_000, "INFO"), (0.000001, "WARNING")])
def test_slow_request_is_a_warning(capsys: Captured, limit: float, level: str) -> None:
    client = make_site(SLOW_REQUEST_TIME=limit).test_client()
    capsys.readouterr()

    for path in ("/preferences", "/nowhere", "/static/none.css"):
        client.get(path)

    assert [entry["level"] for entry in log_entries(capsys, "app.requests")] == [level] * 3


def test_secrets_in_urls_are_not_logged(site: Flask, capsys: Captured) -> None:
    client = site.test_client()
    capsys.readouterr()

    for path in ("/auth/reset/", "/auth/confirm/", "/auth/change-email/", "/auth/restore-email/"):
        client.get(f"{path}the-token?password=the-password")

        log = capsys.readouterr().err
        assert path in log
        assert "the-token" not in log
        assert "the-password" not in log


def test_access_log_has_the_user_id(
    app: Flask, make: Factory, caplog: pytest.LogCaptureFixture
) -> None:
    ann = make.user("ann")
    client = SiteClient(app).log_in(ann)
    caplog.clear()

    with caplog.at_level(logging.DEBUG, "app.requests"):
        client.open("/")
        client.open("/static/css/base.css")

    page, static = [vars(record) for record in caplog.records if record.name == "app.requests"]
    assert page["user_id"] == ann.id
    assert static["user_id"] is None  # the user is not loaded for static files


def test_logging_the_user_id_executes_no_statement(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    with app.test_request_context(), record_statements(app) as statements:
        assert loaded_user_id() is None
        g._login_user = db.session.get(User, ann.id)
        db.session.commit()  # expires the attributes of the user
        before = len(statements)

        assert loaded_user_id() == ann.id
        db.session.rollback()
        db.session.expunge_all()
        assert loaded_user_id() == ann.id
        assert len(statements) == before


def test_record_outside_a_request_gets_no_context(app: Flask) -> None:
    record = make_record()

    with app.app_context():
        add_request_context(record)

    assert vars(record).keys() == vars(make_record()).keys()


def test_request_context_without_middleware_has_a_request_id(app: Flask) -> None:
    with app.test_request_context():
        request_id = current_request_id()

        assert GENERATED_ID.fullmatch(request_id)
        assert current_request_id() == request_id
