"""Messages about problems."""

import json
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from hosting.agent import check
from hosting.agent.paths import App, CommandError

from .containers.debian import free_port


def app(folder: Path, alert_url: str) -> App:
    """Return an app with ALERT_URL."""
    (folder / "config").mkdir()
    variables = {"ALERT_URL": {"value": alert_url, "since": 0}}
    (folder / "config/settings.json").write_text(json.dumps({"variables": variables}))
    return App(folder)


class Mailbox:
    """Receives email."""

    def __init__(self) -> None:
        self.received: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.received.append(envelope)
        return "250 OK"


def test_email_is_sent(tmp_path: Path) -> None:
    mailbox = Mailbox()
    port = free_port()  # aiosmtpd does not accept 0
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        check.send(app(tmp_path, f"smtp://127.0.0.1:{port}/ann@example.org"), ["It is broken: é"])
    finally:
        controller.stop()

    (envelope,) = mailbox.received
    message = message_from_bytes(envelope.content)
    assert envelope.rcpt_tos == ["ann@example.org"]
    assert message["Subject"].startswith(tmp_path.name)
    assert "It is broken" in message["Subject"] or "utf-8" in message["Subject"]
    body = message.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert "It is broken: é" in body.decode()


def test_webhook_and_second_destination(tmp_path: Path) -> None:
    bodies: list[dict[str, str]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        url = f"http://127.0.0.1:{server.server_port}/hook"
        check.send(app(tmp_path, f"{url} {url}?second"), ["It is broken."])
        server.shutdown()
        serving.join()

    assert [body["text"].split("\n", 1)[1] for body in bodies] == ["It is broken."] * 2
    assert bodies[0]["content"] == bodies[0]["text"]


@pytest.mark.parametrize("url", ["ftp://example.org/x", "http://127.0.0.1:1/secret", "x"])
def test_unusable_url_is_an_error_that_does_not_show_it(tmp_path: Path, url: str) -> None:
    with pytest.raises(CommandError, match="ALERT_URL") as error:
        check.send(app(tmp_path, url), ["It is broken."])

    assert "secret" not in str(error.value)


def test_test_needs_a_destination(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="config set ALERT_URL"):
        check.command(App(tmp_path), ["--test"])
