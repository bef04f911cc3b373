"""`gunicorn manage:app` in production, on PostgreSQL, as an operator starts it."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest

from tests.databases import EphemeralPostgres
from tests.mailbox import Mailbox, free_port

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PATIENCE = 30  # seconds until a server must have answered, however busy the machine is

pytestmark = pytest.mark.slow


@pytest.fixture
def environment(postgres: EphemeralPostgres, mail_server: Mailbox, port: int) -> dict[str, str]:
    mail_server.clear()
    settings = {
        "PATH": os.environ["PATH"],
        "FLASK_CONFIG": "production",
        "SECRET_KEY": "a key for the tests, long enough to be taken for a real one",
        "DATABASE_URL": postgres.new_database().replace("+psycopg2", ""),
        "FLASKY_URL": f"http://127.0.0.1:{port}",
        "FLASKY_ADMIN": "boss@example.com",
    }
    mail = {name: str(value) for name, value in mail_server.settings.items()}
    return settings | mail


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def server(environment: dict[str, str], port: int) -> Iterator[str]:
    deployed = run([str(BIN / "flask"), "deploy"], environment)
    assert deployed.returncode == 0, deployed.stderr
    command = [
        str(BIN / "gunicorn"),
        "manage:app",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "2",
    ]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE)
    try:
        wait_for(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def wait_for(url: str) -> None:
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            build_opener().open(url)
        except URLError:
            assert time.monotonic() < give_up, f"{url} does not answer"
            time.sleep(0.1)
        else:
            return


def browser() -> OpenerDirector:
    return build_opener(HTTPCookieProcessor(CookieJar()))


def send_form(visitor: OpenerDirector, url: str, **fields: str) -> str:
    """Open the page, fill in its form, send it; return the page that answers."""
    page = visitor.open(url).read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    data = urlencode({"csrf_token": token[1], **fields}).encode()
    answer: bytes = visitor.open(url, data).read()
    return answer.decode()


def wait_for_letter(mailbox: Mailbox, address: str) -> None:
    give_up = time.monotonic() + PATIENCE
    while not mailbox.to(address):
        assert time.monotonic() < give_up, f"no letter to {address}"
        time.sleep(0.05)


def test_a_visitor_registers_and_gets_a_letter(server: str, mail_server: Mailbox) -> None:
    words = "a sentence as a password"
    page = send_form(
        browser(),
        f"{server}/auth/register",
        email="boss@example.com",
        username="boss",
        password=words,
        password2=words,
    )
    wait_for_letter(mail_server, "boss@example.com")
    assert "boss@example.com" in page
    assert f"{server}/auth/confirm/" in mail_server.last("boss@example.com").text


def test_static_files_are_served(server: str) -> None:
    page = build_opener().open(server).read().decode()
    stylesheets = re.findall(r'<link[^>]+href="([^"]+\.css[^"]*)"', page)
    assert len(stylesheets) > 1
    for path in stylesheets:
        assert build_opener().open(server + path).status == 200


def test_an_incomplete_configuration_stops_gunicorn_with_one_message(port: int) -> None:
    environment = {"PATH": os.environ["PATH"], "FLASK_CONFIG": "production"}
    command = [str(BIN / "gunicorn"), "manage:app", "--bind", f"127.0.0.1:{port}"]
    stopped = run(command, environment)
    assert stopped.returncode == 3
    for name in ("SECRET_KEY", "DATABASE_URL", "FLASKY_URL"):
        assert name in stopped.stderr
    assert "Traceback" not in stopped.stderr
