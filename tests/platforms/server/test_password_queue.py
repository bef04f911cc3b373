"""Logins wait in a queue of gunicorn's worker; other requests do not wait for them."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.gunicorn_worker import MAX_PASSWORD_REQUESTS
from app.security.password_hashing import MAX_RUNNING_OR_WAITING, RETRY_AFTER
from tests.support.factories import PASSWORD
from tests.support.raw_browser import RawBrowser
from tests.support.servers import Gunicorn, Response, deploy, eventually, fetch, flask, production

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gunicorn")]

SITE = "tests.platforms.server.gated_site:app"
THREADS = 4
CLASS = 30  # users who log in at the same moment
EMAIL = "ann@example.com"


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A file that does not exist yet; no password is checked before."""
    return tmp_path / "gate"


@pytest.fixture
def server(tmp_path: Path, gate: Path) -> Iterator[Gunicorn]:
    """One worker of THREADS threads."""
    database = f"sqlite:///{tmp_path}/site.sqlite"
    settings = {"RATELIMIT_LOGIN": "1000 per minute", "PASSWORD_HASH_METHOD": "scrypt:256:8:1"}
    environment = production("http://127.0.0.1", database, GATE=gate, **settings)
    deploy(environment)
    flask(environment, "users", "create", EMAIL, "ann", "--password", PASSWORD)
    options = ("--workers", "1", "--threads", str(THREADS))
    with Gunicorn(environment, *options, site=SITE) as running:
        yield running


@contextmanager
def logging_in(server: Gunicorn, number: int) -> Iterator[list[Future[Response]]]:
    """Let users submit the login form at the same moment."""

    def log_in(browser: RawBrowser, token: str) -> Response:
        return browser.post("/auth/login", token, email=EMAIL, password=PASSWORD)

    browsers = [RawBrowser(server.url, server.connect) for _ in range(number)]
    tokens = [browser.csrf_token("/auth/login") for browser in browsers]
    with ThreadPoolExecutor(number) as clients:
        yield [clients.submit(log_in, *form) for form in zip(browsers, tokens, strict=True)]


def statuses(logins: list[Future[Response]]) -> Counter[int]:
    return Counter(login.result().status for login in logins)


def test_a_class_logs_in_while_other_requests_are_served(server: Gunicorn, gate: Path) -> None:
    with logging_in(server, CLASS) as logins:
        eventually(lambda: sum(login.running() for login in logins) == CLASS)
        for path in ("/", "/healthz", "/api/v1/posts/", "/auth/login") * THREADS:
            assert fetch(server.connect(), path).status == 200
        assert not any(login.done() for login in logins)
        gate.touch()

    assert statuses(logins) == {302: CLASS}


def test_logins_beyond_the_queue_are_503(server: Gunicorn, gate: Path) -> None:
    rejections = 2
    excess = MAX_RUNNING_OR_WAITING + rejections
    with logging_in(server, MAX_PASSWORD_REQUESTS + excess) as logins:
        # Some of the others wait, too.
        eventually(lambda: sum(login.done() for login in logins) == rejections)
        rejected = [login.result() for login in logins if login.done()]
        gate.touch()

    assert {one.status for one in rejected} == {503}
    assert {one.headers["Retry-After"] for one in rejected} == {str(RETRY_AFTER)}
    assert statuses(logins) == {
        302: MAX_PASSWORD_REQUESTS + MAX_RUNNING_OR_WAITING,
        503: rejections,
    }
