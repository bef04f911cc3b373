"""Errors are sent to SENTRY_DSN, without secrets and personal data."""

import gzip
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import brotli
import pytest

from tests.support.databases import new_sqlite_url
from tests.support.servers import production, run

pytestmark = pytest.mark.slow

# In a process of its own: the SDK changes classes of Flask and other libraries.
SCRIPT = """
from app import create_app
from tests.support.faulty_site import add_faults

app = create_app()
add_faults(app)
client = app.test_client()
client.set_cookie("session", "a-session-cookie", domain="127.0.0.1")
client.post(
    "/echo?token=open-sesame",
    data={"password": "shh!", "about": "I was born in a village"},
    headers={
        "Authorization": "Basic YW5uOm9wZW4gc2VzYW1l",
        "X-Forwarded-For": "203.0.113.8",
    },
    base_url="http://127.0.0.1",
    environ_base={"REMOTE_ADDR": "203.0.113.7"},
)
app.logger.error("The queue is broken: %s", app.config["SECRET_KEY"])
"""
PRIVATE = [
    "session-cookie",
    "shh!",
    "born",
    "sesame",
    "YW5uOm9wZW4gc2VzYW1l",
    "ann@",
    "203.0.113.7",
]
DECOMPRESS = {"br": brotli.decompress, "gzip": gzip.decompress}


@contextmanager
def sentry_server(received: list[bytes]) -> Iterator[int]:
    """Yield the port of a server that appends the bodies of requests to `received`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(DECOMPRESS[self.headers["Content-Encoding"]](body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def run_site(tmp_path: Path, script: str = SCRIPT, **settings: str) -> str:
    """Run `script` with a production configuration; return what it wrote to stderr."""
    environment = production("http://127.0.0.1", new_sqlite_url(tmp_path), **settings)
    command = [sys.executable, "-c", script, "ann@example.com"]
    return run(command, environment).stderr


def test_errors_are_sent_without_secrets_and_personal_data(tmp_path: Path) -> None:
    received: list[bytes] = []
    with sentry_server(received) as port:
        log = run_site(tmp_path, SENTRY_DSN=f"http://public@127.0.0.1:{port}/7", RELEASE="42")

    events = [
        json.loads(line)
        for body in received
        for line in body.splitlines()
        if b'"event_id"' in line
    ]
    bug, error = [event for event in events if event.get("level") == "error"]
    assert bug["exception"]["values"][-1]["type"] == "ValueError"
    assert bug["exception"]["values"][-1]["stacktrace"]["frames"][-1]["function"] == "echo"
    assert (bug["transaction"], bug["release"]) == ("echo", "42")
    assert "203.0.113" not in str(bug["request"])  # the exception has all headers
    assert error["logentry"]["formatted"] == "The queue is broken: [hidden]"
    text = b"".join(received).decode()
    assert [word for word in PRIVATE if word in text] == []
    assert "SENTRY_DSN" not in log


def test_missing_package_is_a_configuration_error(tmp_path: Path) -> None:
    script = f"import sys; sys.modules['sentry_sdk'] = None\n{SCRIPT}"

    log = run_site(tmp_path, script, SENTRY_DSN="https://public@sentry.example/7")

    assert "SENTRY_DSN is set, but sentry-sdk is not installed: add it to" in log


def test_sdk_is_not_imported_by_default(tmp_path: Path) -> None:
    script = "import sys; import app; app.create_app(); sys.exit(str('sentry_sdk' in sys.modules))"

    assert run_site(tmp_path, script).splitlines()[-1] == "False"
