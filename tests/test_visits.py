"""One line for each request, whatever became of it, and a number that finds it again."""

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response, abort, g
from sqlalchemy.exc import OperationalError

from app.extensions import db
from app.models import User
from app.visits import current_id, reader_id, tell_the_request
from tests.databases import counted_statements
from tests.factories import Factory
from tests.logbook import record, restored_root, written
from tests.reader import Reader
from tests.settings import make_app

Captured = pytest.CaptureFixture[str]
NUMBER = re.compile(r"[0-9a-f]{32}")


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    with restored_root() as logger:
        yield logger


@pytest.fixture(scope="module")
def site() -> Iterator[Flask]:
    """The site of the tests that need no settings of their own."""
    with restored_root():
        yield make_site()


def make_site(**settings: Any) -> Flask:
    """Return a site with a page that breaks, whose log is JSON and holds every request."""
    given = {"FLASKY_LOG_FORMAT": "json", "PROPAGATE_EXCEPTIONS": False}
    app = make_app(**{"TRUSTED_HOSTS": ["localhost"], **given, **settings})

    def bug() -> str:
        raise RuntimeError("no such luck")

    def database() -> str:
        raise OperationalError("SELECT 1", {}, Exception("the server has gone"))

    for name, view in {"bug": bug, "database": database, "away": lambda: abort(503)}.items():
        app.add_url_rule(f"/{name}", name, view, methods=["GET", "POST"])
    return app


REQUESTS = [
    ("GET", "/preferences", "localhost", 200, "main.preferences"),
    ("HEAD", "/preferences", "localhost", 200, "main.preferences"),
    ("GET", "/moderate", "localhost", 302, "main.moderate"),
    ("POST", "/auth/login", "localhost", 400, "auth.login"),
    ("GET", "/nowhere", "localhost", 404, None),
    ("GET", "/static/none.css", "localhost", 404, "static"),
    ("POST", "/nowhere", "localhost", 404, None),
    ("DELETE", "/preferences", "localhost", 405, None),
    ("BREW", "/preferences", "localhost", 405, None),
    ("GET", "/preferences", "evil.example", 400, None),
    ("GET", "/preferences", "<>", 400, None),
    ("GET", "/bug", "localhost", 500, "bug"),
    ("GET", "/database", "localhost", 503, "database"),
    ("GET", "/away", "localhost", 503, "away"),
]


@pytest.mark.parametrize(("method", "path", "host", "status", "endpoint"), REQUESTS)
def test_every_request_has_one_line(
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

    answer = client.open(path, method=method, headers={"Host": host})

    (line,) = written(capsys, "app.requests")
    found = (line["method"], line["path"], line["status"], line["endpoint"])
    assert answer.status_code == status
    assert found == (method, path, status, endpoint)
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert line["remote_addr"] == "127.0.0.1"
    assert line["duration_ms"] > 0
    assert line["user_id"] is None


def test_error_that_nobody_answers_has_its_line_all_the_same(capsys: Captured) -> None:
    client = make_site(PROPAGATE_EXCEPTIONS=True).test_client()
    capsys.readouterr()

    with pytest.raises(RuntimeError):
        client.get("/bug")

    (line,) = written(capsys, "app.requests")
    assert (line["path"], line["status"]) == ("/bug", 500)


def test_answer_has_its_number_even_if_the_last_touches_break(capsys: Captured) -> None:
    app = make_site()

    @app.after_request
    def break_down(_response: Response) -> Response:
        raise RuntimeError("no such luck")

    answer = app.test_client().get("/preferences")

    (line,) = written(capsys, "app.requests")
    assert answer.status_code == line["status"] == 500
    assert answer.headers.getlist("X-Request-ID") == [line["request_id"]]


def test_traceback_bears_the_number_of_its_request(capsys: Captured) -> None:
    answer = make_site().test_client().get("/bug")

    (error,) = [line for line in written(capsys) if line["level"] == "ERROR"]
    assert "no such luck" in error["exception"]
    assert error["request_id"] == answer.headers["X-Request-ID"]
    assert (error["method"], error["path"], error["endpoint"]) == ("GET", "/bug", "bug")


GIVEN = {
    "no proxy": (0, "a-proxys-number", False),
    "a proxy": (1, "a-proxys-number", True),
    "shortest": (1, "12345678", True),
    "longest": (1, "x" * 64, True),
    "too short": (1, "1234567", False),
    "too long": (1, "x" * 65, False),
    "blanks": (1, "a proxys number", False),
    "not ASCII": (1, "ümlaut-number", False),
    "markup": (1, "<script>alert(1)</script>", False),
    "line end": (1, "a-proxys-number%0a", False),
    "two": (1, "a-proxys-number,another-number", False),
    "empty": (1, "", False),
}


@pytest.mark.parametrize(("proxies", "number", "is_taken"), GIVEN.values(), ids=GIVEN)
def test_number_is_taken_from_a_declared_proxy_alone_and_only_if_sane(
    site: Flask, monkeypatch: pytest.MonkeyPatch, proxies: int, number: str, is_taken: bool
) -> None:
    monkeypatch.setitem(site.config, "FLASKY_PROXIES", proxies)

    client = site.test_client()
    found = client.get("/preferences", headers={"X-Request-ID": number}).headers["X-Request-ID"]

    assert (found == number) is is_taken
    assert is_taken or NUMBER.fullmatch(found)


def test_no_two_requests_have_one_number(site: Flask) -> None:
    client = site.test_client()

    assert len({client.get("/preferences").headers["X-Request-ID"] for _ in range(5)}) == 5


@pytest.mark.parametrize(
    ("path", "is_shown"),
    [("/bug", True), ("/database", True), ("/away", True), ("/nowhere", False)],
)
def test_page_of_a_broken_site_shows_the_number(site: Flask, path: str, is_shown: bool) -> None:
    answer = site.test_client().get(path)

    assert (answer.headers["X-Request-ID"] in answer.text) is is_shown


@pytest.mark.parametrize(
    ("level", "path", "is_written"),
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
def test_routine_is_written_at_debug_alone(
    capsys: Captured, level: str, path: str, is_written: bool
) -> None:
    client = make_site(FLASKY_LOG_LEVEL=level).test_client()
    capsys.readouterr()

    client.get(path)

    assert bool(written(capsys, "app.requests")) is is_written


@pytest.mark.parametrize("path", ["/auth/reset/", "/auth/confirm/", "/auth/change-email/"])
def test_secrets_of_an_address_are_not_written(site: Flask, capsys: Captured, path: str) -> None:
    client = site.test_client()
    capsys.readouterr()

    client.get(f"{path}the-very-token?password=the-very-word")

    said = capsys.readouterr().err
    assert path in said
    assert "the-very" not in said


def test_line_names_the_reader(
    app: Flask, make: Factory, caplog: pytest.LogCaptureFixture
) -> None:
    ann = make.user("ann")
    reader = Reader(app).log_in(ann)
    caplog.clear()

    with caplog.at_level(logging.DEBUG, "app.requests"):
        reader.open("/")
        reader.open("/static/css/base.css")

    page, static = [vars(line) for line in caplog.records if line.name == "app.requests"]
    assert page["user_id"] == ann.id
    assert static["user_id"] is None  # where nobody asks who reads, the log does not either


def test_naming_the_reader_asks_no_database(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    with app.test_request_context(), counted_statements(app) as statements:
        assert reader_id() is None
        g._login_user = db.session.get(User, ann.id)
        db.session.commit()  # from now on, each attribute would be asked for
        asked = len(statements)

        assert reader_id() == ann.id
        db.session.rollback()
        db.session.expunge_all()
        assert reader_id() == ann.id
        assert len(statements) == asked


def test_what_is_logged_outside_of_requests_belongs_to_none(app: Flask) -> None:
    told = record()

    with app.app_context():
        tell_the_request(told)

    assert vars(told).keys() == vars(record()).keys()


def test_request_of_a_test_has_a_number_too(app: Flask) -> None:
    with app.test_request_context():
        app.preprocess_request()

        assert NUMBER.fullmatch(current_id())
        assert current_id() == g.request_id
