"""A mail server that asks for passwords and speaks TLS, as those of the world do."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from .mailbox import free_port

GOOD = {"MAIL_USERNAME": "flasky", "MAIL_PASSWORD": "sesame"}


class Desk:
    """Takes letters, and remembers how each came."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, bool, bool]] = []

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        encrypted = session.ssl is not None
        assert isinstance(envelope.content, bytes)
        self.taken.append((envelope.content, encrypted, session.authenticated is True))
        return "250 Taken"


def check(_server: Any, _session: Any, _envelope: Any, _way: str, words: Any) -> AuthResult:
    good = isinstance(words, LoginPassword) and words.password == b"sesame"
    return AuthResult(success=good, handled=False)


@contextmanager
def server(desk: Desk, **options: Any) -> Iterator[dict[str, Any]]:
    """Run a mail server; give the settings of a site that uses it."""
    controller = Controller(
        desk, hostname="localhost", port=free_port(), authenticator=check, **options
    )
    controller.start()
    try:
        yield {"MAIL_SERVER": "localhost", "MAIL_PORT": controller.port}
    finally:
        controller.stop()


def trusted_certificate(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return a server's certificate, by an authority that this machine trusts during the test."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context
