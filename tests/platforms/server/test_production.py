"""`gunicorn manage:app` with ProductionConfig on PostgreSQL."""

import os
import re
from collections.abc import Iterator
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest

from tests.support.databases import EphemeralPostgres
from tests.support.mailbox import Mailbox, free_port
from tests.support.servers import BIN, Gunicorn, deploy, eventually, production, run

pytestmark = pytest.mark.slow


@pytest.fixture
def bind() -> str:
    return f"127.0.0.1:{free_port()}"


@pytest.fixture
def server(postgres: EphemeralPostgres, mail_server: Mailbox, bind: str) -> Iterator[str]:
    mail_server.clear()
    settings = {"FLASKY_ADMIN": "boss@example.com", **mail_server.settings}
    environment = production(f"http://{bind}", postgres.new_database(), **settings)
    deploy(environment)
    with Gunicorn(environment, "--workers", "2", bind=bind) as running:
        yield running.url


def browser() -> OpenerDirector:
    return build_opener(HTTPCookieProcessor(CookieJar()))


def send_form(browser: OpenerDirector, url: str, **fields: str) -> str:
    """Submit the form of a page; return the next page."""
    page = browser.open(url).read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    data = urlencode({"csrf_token": token[1], **fields}).encode()
    answer: bytes = browser.open(url, data).read()
    return answer.decode()


def test_registration_sends_an_email(server: str, mail_server: Mailbox) -> None:
    password = "a sentence as a password"
    page = send_form(
        browser(),
        f"{server}/auth/register",
        email="boss@example.com",
        username="boss",
        password=password,
        password2=password,
    )
    eventually(lambda: mail_server.to("boss@example.com"), "an email arrives")
    assert "boss@example.com" in page
    assert f"{server}/auth/confirm/" in mail_server.last("boss@example.com").text


def test_static_files_are_served(server: str) -> None:
    page = build_opener().open(server).read().decode()
    stylesheets = re.findall(r'<link[^>]+href="([^"]+\.css[^"]*)"', page)
    assert len(stylesheets) > 1
    for path in stylesheets:
        assert build_opener().open(server + path).status == 200


def test_incomplete_configuration_stops_gunicorn_with_one_message(bind: str) -> None:
    environment = {"PATH": os.environ["PATH"], "FLASK_CONFIG": "production"}
    command = [str(BIN / "gunicorn"), "manage:app", "--bind", bind]
    stopped = run(command, environment)
    assert stopped.returncode == 3
    for name in ("SECRET_KEY", "DATABASE_URL", "SITE_URL"):
        assert name in stopped.stderr
    assert "Traceback" not in stopped.stderr


@pytest.mark.parametrize("folder", ["/proc/x/y", "/dev/null", "/etc/hostname/x", "x" * 300])
def test_metrics_folder_that_cannot_be_created_stops_gunicorn(bind: str, folder: str) -> None:
    settings = {"PROMETHEUS_MULTIPROC_DIR": folder}
    environment = production("https://example.com", "sqlite:////srv/x.sqlite", **settings)

    stopped = run([str(BIN / "gunicorn"), "manage:app", "--bind", bind], environment)

    assert stopped.returncode == 3
    assert stopped.stderr.startswith("PROMETHEUS_MULTIPROC_DIR cannot be created: ")
    assert stopped.stderr.count("\n") == 1
