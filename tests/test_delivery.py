"""Letters reach real mail servers, in the clear and by TLS, with and without a password."""

import ssl
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, Envelope, Session

from app import delivery
from app.models import Letter

from .mail_desk import GOOD, Desk, server, trusted_certificate
from .mailbox import free_port
from .settings import make_app

LETTER = {
    "recipient": "ann@example.com",
    "subject": "[Flasky] Grüße, 你好",
    "body_text": "Plain 你好\n",
    "body_html": "<p>Marked up 你好</p>\n",
}


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    return trusted_certificate(tmp_path, monkeypatch)


def send(**settings: Any) -> None:
    with make_app(**settings).app_context():
        delivery.send(Letter(**LETTER))


@pytest.mark.parametrize("credentials", [{}, GOOD], ids=["stranger", "password"])
def test_letter_goes_out_in_the_clear(credentials: dict[str, str]) -> None:
    desk = Desk()
    with server(desk, auth_require_tls=False) as settings:
        send(**settings, **credentials)
    assert [taken[1:] for taken in desk.taken] == [(False, bool(credentials))]


@pytest.mark.parametrize("credentials", [{}, GOOD], ids=["stranger", "password"])
def test_letter_goes_out_by_starttls(context: ssl.SSLContext, credentials: dict[str, str]) -> None:
    desk = Desk()
    with server(desk, tls_context=context, require_starttls=True) as settings:
        send(**settings, **credentials, MAIL_USE_TLS=True)
    assert [taken[1:] for taken in desk.taken] == [(True, bool(credentials))]


@pytest.mark.parametrize("credentials", [{}, GOOD], ids=["stranger", "password"])
def test_letter_goes_out_by_tls_from_the_first_byte(
    context: ssl.SSLContext, credentials: dict[str, str]
) -> None:
    desk = Desk()
    with server(desk, ssl_context=context, auth_require_tls=False) as settings:
        send(**settings, **credentials, MAIL_USE_SSL=True)
    assert len(desk.taken) == 1
    assert desk.taken[0][2] is bool(credentials)


def test_letter_arrives_as_it_was_written() -> None:
    desk = Desk()
    with server(desk) as settings:
        send(**settings, FLASKY_MAIL_SENDER="Flasky <site@example.com>")
    message = message_from_bytes(desk.taken[0][0], policy=policy.default)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert (message["Subject"], message["To"]) == (LETTER["subject"], LETTER["recipient"])
    assert message["From"] == "Flasky <site@example.com>"
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n").strip() == LETTER["body_text"].strip()
    assert html.get_content().replace("\r\n", "\n").strip() == LETTER["body_html"].strip()


@pytest.mark.parametrize("way", ["MAIL_USE_TLS", "MAIL_USE_SSL"])
def test_certificate_of_an_unknown_authority_is_refused(
    context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "another.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "another.pem"))
    option = "tls_context" if way == "MAIL_USE_TLS" else "ssl_context"
    refused = pytest.raises(delivery.DeliveryError, match="CERTIFICATE_VERIFY_FAILED")
    with server(Desk(), **{option: context}) as settings, refused:
        send(**settings, **{way: True})


def test_subject_that_would_forge_headers_is_told() -> None:
    with server(Desk()) as settings, make_app(**settings).app_context():
        letter = Letter(**{**LETTER, "subject": "Hello\r\nBcc: everybody@example.com"})
        with pytest.raises(delivery.DeliveryError, match="BadHeaderError"):
            delivery.send(letter)


def test_wrong_password_is_told() -> None:
    with (
        server(Desk(), auth_require_tls=False) as settings,
        pytest.raises(delivery.DeliveryError, match="535"),
    ):
        send(**settings, MAIL_USERNAME="flasky", MAIL_PASSWORD="wrong")


def test_server_that_is_not_there_is_told() -> None:
    with pytest.raises(delivery.DeliveryError, match="ConnectionRefusedError"):
        send(MAIL_SERVER="127.0.0.1", MAIL_PORT=free_port())


def test_no_server_is_told() -> None:
    with pytest.raises(delivery.DeliveryError, match="set MAIL_SERVER"):
        send(MAIL_SERVER=None)


def test_console_shows_the_letter_and_sends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    send(MAIL_SERVER=None, MAIL_TO_CONSOLE=True)
    shown = capsys.readouterr().out
    for words in (LETTER["recipient"], LETTER["subject"], LETTER["body_text"]):
        assert words in shown


class Hasty(Desk):
    """Hangs up once it has the letter."""

    async def handle_QUIT(self, server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        assert server.transport is not None
        server.transport.close()
        return "221 Too late"


def test_letter_that_was_taken_is_not_sent_again_because_the_server_hung_up() -> None:
    desk = Hasty()
    with server(desk) as settings:
        send(**settings)
    assert len(desk.taken) == 1
