"""Email reaches real SMTP servers: plain, STARTTLS and TLS, with and without a login."""

import ssl
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.mail import smtp
from app.models import OutboxEmail, utcnow
from tests.support.app_factory import make_app, settings_from
from tests.support.dripping_server import dripping_server
from tests.support.mailbox import free_port
from tests.support.smtp_auth_server import (
    CREDENTIALS,
    RecordingHandler,
    smtp_server,
    trusted_certificate,
)

EMAIL = {
    "recipient": "ann@example.com",
    "subject": "[Flasky] Grüße, 你好",
    "body_text": "Plain 你好\n",
    "body_html": "<p>Marked up 你好</p>\n",
}


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    return trusted_certificate(tmp_path, monkeypatch)


def send(**settings: Any) -> None:
    with make_app(**settings).app_context():
        smtp.send(OutboxEmail(**EMAIL))


@pytest.mark.parametrize("credentials", [{}, CREDENTIALS], ids=["no login", "login"])
def test_email_is_sent_in_plain_text(credentials: dict[str, str]) -> None:
    handler = RecordingHandler()
    with smtp_server(handler, auth_require_tls=False) as settings:
        send(**settings, **credentials)
    [message] = handler.received
    assert not message.is_encrypted
    assert message.is_authenticated is bool(credentials)


@pytest.mark.parametrize("credentials", [{}, CREDENTIALS], ids=["no login", "login"])
def test_email_is_sent_with_starttls(
    certificate: ssl.SSLContext, credentials: dict[str, str]
) -> None:
    handler = RecordingHandler()
    with smtp_server(handler, tls_context=certificate, require_starttls=True) as settings:
        send(**settings, **credentials, MAIL_USE_TLS=True)
    [message] = handler.received
    assert message.is_encrypted
    assert message.is_authenticated is bool(credentials)


def test_email_is_sent_with_tls(certificate: ssl.SSLContext) -> None:
    handler = RecordingHandler()
    with smtp_server(handler, ssl_context=certificate, auth_require_tls=False) as settings:
        send(**settings, **CREDENTIALS, MAIL_USE_SSL=True)
    [message] = handler.received
    assert message.is_authenticated


def test_email_arrives_unchanged() -> None:
    handler = RecordingHandler()
    with smtp_server(handler) as settings:
        send(**settings, FLASKY_MAIL_SENDER="Flasky <site@example.com>")
    message = message_from_bytes(handler.received[0].content, policy=policy.default)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert (message["Subject"], message["To"]) == (EMAIL["subject"], EMAIL["recipient"])
    assert message["From"] == "Flasky <site@example.com>"
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n").strip() == EMAIL["body_text"].strip()
    assert html.get_content().replace("\r\n", "\n").strip() == EMAIL["body_html"].strip()


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        ("site@example.com", ""),
        ("Flasky <site@example.com>", "Flasky"),
        ("Acme, Inc. <site@example.com>", "Acme, Inc."),
        ('"Acme, Inc." <site@example.com>', "Acme, Inc."),
        ("a; b: (c) [d] @e <site@example.com>", "a; b: (c) [d] @e"),
        ("Grüße, 你好 <site@example.com>", "Grüße, 你好"),
    ],
)
def test_every_sender_is_an_address_and_a_name(variable: str, name: str) -> None:
    sender = settings_from("testing", FLASKY_MAIL_SENDER=variable).FLASKY_MAIL_SENDER
    handler = RecordingHandler()
    with smtp_server(handler) as settings:
        send(**settings, FLASKY_MAIL_SENDER=sender)
    [received] = handler.received
    [address] = message_from_bytes(received.content, policy=policy.default)["From"].addresses
    assert received.sender == address.addr_spec == "site@example.com"
    assert address.display_name == name


def test_email_is_ascii_and_marked_as_automatic() -> None:
    """Servers without 8BITMIME accept nothing else."""
    handler = RecordingHandler()
    with smtp_server(handler) as settings:
        send(**settings)
    assert handler.received[0].content.isascii()
    message = message_from_bytes(handler.received[0].content)
    assert message["Auto-Submitted"] == "auto-generated"


def test_url_to_unsubscribe_is_in_one_line_and_not_encoded() -> None:
    """Email clients do not decode it, however long it is."""
    url = f"https://flasky.example/auth/unsubscribe/{'x' * 200}"
    handler = RecordingHandler()
    with smtp_server(handler) as settings, make_app(**settings).app_context():
        smtp.send(OutboxEmail(**EMAIL, unsubscribe_url=url))
    headers = handler.received[0].content.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert f"List-Unsubscribe: <{url}>".encode() in headers
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in headers


@pytest.mark.parametrize("setting", ["MAIL_USE_TLS", "MAIL_USE_SSL"])
def test_untrusted_certificate_is_rejected(
    certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, setting: str
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "another.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "another.pem"))
    option = "tls_context" if setting == "MAIL_USE_TLS" else "ssl_context"
    rejected = pytest.raises(smtp.SMTPUnavailable, match="CERTIFICATE_VERIFY_FAILED")
    with smtp_server(RecordingHandler(), **{option: certificate}) as settings, rejected:
        send(**settings, **{setting: True})


def test_header_injection_is_a_permanent_error() -> None:
    with smtp_server(RecordingHandler()) as settings, make_app(**settings).app_context():
        email = OutboxEmail(**{**EMAIL, "subject": "Hello\r\nBcc: all@example.com"})
        with pytest.raises(smtp.DeliveryError, match="BadHeaderError") as error:
            smtp.send(email)
    assert error.value.permanent


def test_rejected_login_makes_the_server_unavailable() -> None:
    with (
        smtp_server(RecordingHandler(), auth_require_tls=False) as settings,
        pytest.raises(smtp.SMTPUnavailable, match="535"),
    ):
        send(**settings, MAIL_USERNAME="flasky", MAIL_PASSWORD="wrong")


def test_unreachable_server_is_unavailable() -> None:
    with pytest.raises(smtp.SMTPUnavailable, match="ConnectionRefusedError"):
        send(MAIL_SERVER="127.0.0.1", MAIL_PORT=free_port())


GREETING, EHLO = b"220 mail.example\r\n", b"250-mail.example\r\n250 STARTTLS\r\n"


@pytest.mark.parametrize(
    ("replies", "settings", "error"),
    [
        ([], {}, smtp.SMTPUnavailable),
        ([], {"MAIL_USE_SSL": True}, smtp.SMTPUnavailable),
        ([GREETING], {"MAIL_USE_TLS": True}, smtp.SMTPUnavailable),
        ([GREETING, EHLO, b"220 go\r\n"], {"MAIL_USE_TLS": True}, smtp.SMTPUnavailable),
        ([GREETING, EHLO], {}, smtp.DeliveryError),
        ([GREETING, EHLO, b"250 ok\r\n", b"250 ok\r\n"], {}, smtp.DeliveryError),
        ([GREETING, EHLO, b"250 ok\r\n", b"250-" * 5000], {}, smtp.DeliveryError),
    ],
    ids=["greeting", "TLS", "EHLO", "STARTTLS", "MAIL", "DATA", "line that is too long"],
)
def test_server_that_sends_byte_by_byte_is_given_up(
    replies: list[bytes], settings: dict[str, Any], error: type[Exception]
) -> None:
    with dripping_server(*replies, byte=b"2") as port, pytest.raises(error):
        send(MAIL_SERVER="localhost", MAIL_PORT=port, MAIL_TIMEOUT=0.2, **settings)


def test_missing_server_is_unavailable() -> None:
    with pytest.raises(smtp.SMTPUnavailable, match="MAIL_SERVER is not set"):
        send(MAIL_SERVER=None)


def test_console_shows_the_email(capsys: pytest.CaptureFixture[str]) -> None:
    send(MAIL_SERVER=None, MAIL_CONSOLE=True)
    output = capsys.readouterr().out
    for text in (EMAIL["recipient"], EMAIL["subject"], EMAIL["body_text"]):
        assert text in output


class DisconnectingHandler(RecordingHandler):
    """Closes the connection on QUIT, without a reply."""

    async def handle_QUIT(self, server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        assert server.transport is not None
        server.transport.close()
        return "221 Too late"


def test_error_on_quit_is_ignored() -> None:
    handler = DisconnectingHandler()
    with smtp_server(handler) as settings:
        send(**settings)
    assert len(handler.received) == 1


def test_message_id_is_the_same_on_each_attempt() -> None:
    with make_app().app_context():
        first, second = (OutboxEmail(**EMAIL, id=number, created_at=utcnow()) for number in (1, 2))
        ids = [smtp.build_message(email).msgId for email in (first, first, second)]

    assert ids[0] == ids[1] != ids[2]
    assert ids[0].startswith("<outbox-1-")
    assert ids[0].endswith("@flasky.example>")
