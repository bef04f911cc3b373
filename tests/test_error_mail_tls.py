"""Error mails take the way that the settings describe, with the password where there is one."""

import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from .faulty_site import faulty_site, wait_until
from .mail_desk import GOOD, Desk, server, trusted_certificate

CLEAR: dict[str, bool] = {}
STARTTLS = {"MAIL_USE_TLS": True}
TLS = {"MAIL_USE_SSL": True}


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    return trusted_certificate(tmp_path, monkeypatch)


def options(way: dict[str, bool], certificate: ssl.SSLContext) -> dict[str, Any]:
    """Return how a server must be set up so that it takes mails by this `way` alone."""
    if way == STARTTLS:
        return {"tls_context": certificate, "require_starttls": True}
    if way == TLS:
        return {"ssl_context": certificate, "auth_require_tls": False}
    return {"auth_require_tls": False}


@pytest.mark.parametrize("credentials", [{}, GOOD], ids=["stranger", "password"])
@pytest.mark.parametrize("way", [CLEAR, STARTTLS, TLS], ids=["clear", "starttls", "tls"])
def test_error_mail_arrives(
    way: dict[str, bool], credentials: dict[str, str], certificate: ssl.SSLContext
) -> None:
    desk = Desk()
    with (
        server(desk, **options(way, certificate)) as settings,
        faulty_site(**settings, **way, **credentials) as app,
    ):
        app.logger.error("Broken")
        wait_until(lambda: desk.taken, "the mail came")

    [(_content, is_encrypted, is_known)] = desk.taken
    assert is_known is bool(credentials)
    assert is_encrypted is (way == STARTTLS) or way == TLS  # aiosmtpd notes STARTTLS alone


@pytest.mark.parametrize("way", [STARTTLS, TLS], ids=["starttls", "tls"])
def test_server_that_cannot_prove_its_name_gets_no_error_mail(
    way: dict[str, bool],
    certificate: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "another.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "another.pem"))
    desk = Desk()
    with (
        server(desk, **options(way, certificate)) as settings,
        faulty_site(**settings, **way, **GOOD) as app,
    ):
        app.logger.error("Broken")
        wait_until(lambda: "CERTIFICATE_VERIFY_FAILED" in caplog.text, "it was refused")

    assert desk.taken == []


def test_wrong_password_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    wrong = {"MAIL_USERNAME": "flasky", "MAIL_PASSWORD": "open"}
    with (
        server(Desk(), auth_require_tls=False) as settings,
        faulty_site(**settings, **wrong) as app,
    ):
        app.logger.error("Broken")
        wait_until(lambda: "SMTPAuthenticationError" in caplog.text, "it was told")

    assert "535" in caplog.text
    assert "cannot be mailed" in caplog.text
