"""An SMTP server with authentication and TLS."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.mailbox import free_port

CREDENTIALS = {"MAIL_USERNAME": "flasky", "MAIL_PASSWORD": "sesame"}


class ReceivedMessage(NamedTuple):
    content: bytes
    is_encrypted: bool
    is_authenticated: bool
    sender: str | None


class RecordingHandler:
    """Accepts every message and records it, with the state of its session."""

    def __init__(self) -> None:
        self.received: list[ReceivedMessage] = []

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        self.received.append(
            ReceivedMessage(
                envelope.content,
                session.ssl is not None,
                session.authenticated is True,
                envelope.mail_from,
            )
        )
        return "250 OK"


def authenticate(
    _server: Any, _session: Any, _envelope: Any, _mechanism: str, credentials: Any
) -> AuthResult:
    is_valid = isinstance(credentials, LoginPassword) and credentials.password == b"sesame"
    return AuthResult(success=is_valid, handled=False)


@contextmanager
def smtp_server(handler: RecordingHandler, **options: Any) -> Iterator[dict[str, Any]]:
    """Run an SMTP server; yield the settings of an application that uses it."""
    controller = Controller(
        handler, hostname="localhost", port=free_port(), authenticator=authenticate, **options
    )
    controller.start()
    try:
        yield {"MAIL_SERVER": "localhost", "MAIL_PORT": controller.port}
    finally:
        controller.stop()


def trusted_certificate(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return a server certificate by an authority that is trusted during the test."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context
