"""Error emails use the TLS and authentication settings of the application."""

import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.support.faulty_site import faulty_site
from tests.support.smtp_auth_server import (
    CREDENTIALS,
    RecordingHandler,
    smtp_server,
    trusted_certificate,
)
from tests.support.waiting import wait_until

PLAIN: dict[str, bool] = {}
STARTTLS = {"MAIL_USE_TLS": True}
TLS = {"MAIL_USE_SSL": True}


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    return trusted_certificate(tmp_path, monkeypatch)


def server_options(encryption: dict[str, bool], certificate: ssl.SSLContext) -> dict[str, Any]:
    """Return the options of a server that accepts emails only with this `encryption`."""
    if encryption == STARTTLS:
        return {"tls_context": certificate, "require_starttls": True}
    if encryption == TLS:
        return {"ssl_context": certificate, "auth_require_tls": False}
    return {"auth_require_tls": False}


@pytest.mark.parametrize("credentials", [{}, CREDENTIALS], ids=["anonymous", "password"])
@pytest.mark.parametrize("encryption", [PLAIN, STARTTLS, TLS], ids=["plain", "starttls", "tls"])
def test_error_email_is_delivered(
    encryption: dict[str, bool], credentials: dict[str, str], certificate: ssl.SSLContext
) -> None:
    handler = RecordingHandler()
    with (
        smtp_server(handler, **server_options(encryption, certificate)) as settings,
        faulty_site(**settings, **encryption, **credentials) as app,
    ):
        app.logger.error("Broken")
        wait_until(lambda: handler.received, "an email")

    [message] = handler.received
    assert message.is_authenticated is bool(credentials)
    if encryption != TLS:  # aiosmtpd records STARTTLS only
        assert message.is_encrypted is (encryption == STARTTLS)


@pytest.mark.parametrize("encryption", [STARTTLS, TLS], ids=["starttls", "tls"])
def test_untrusted_certificate_is_rejected(
    encryption: dict[str, bool],
    certificate: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "another.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "another.pem"))
    handler = RecordingHandler()
    with (
        smtp_server(handler, **server_options(encryption, certificate)) as settings,
        faulty_site(**settings, **encryption, **CREDENTIALS) as app,
    ):
        app.logger.error("Broken")
        wait_until(lambda: "CERTIFICATE_VERIFY_FAILED" in caplog.text, "a warning")

    assert handler.received == []


def test_wrong_password_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    wrong = {"MAIL_USERNAME": "flasky", "MAIL_PASSWORD": "open"}
    with (
        smtp_server(RecordingHandler(), auth_require_tls=False) as settings,
        faulty_site(**settings, **wrong) as app,
    ):
        app.logger.error("Broken")
        wait_until(lambda: "SMTPAuthenticationError" in caplog.text, "a warning")

    assert "535" in caplog.text
    assert "Cannot send error emails" in caplog.text
