"""Error emails: which errors are sent, how they are throttled, and that no request waits."""

import logging
import os
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

import config
from app import create_app
from app.database.errors import UNREACHABLE
from app.error_reporting import handler as handler_module
from app.error_reporting.handler import ErrorEmailHandler
from tests.support.app_factory import make_app
from tests.support.faulty_site import (
    ADMIN,
    admin_emails,
    faulty_site,
    is_connected,
    sends_error_emails,
    silent_server,
)
from tests.support.mailbox import Mailbox, free_port
from tests.support.waiting import wait_until


@pytest.fixture
def mailbox(mail_server: Mailbox) -> Mailbox:
    mail_server.clear()
    return mail_server


@pytest.fixture
def site(mailbox: Mailbox) -> Iterator[Flask]:
    with faulty_site(**mailbox.settings) as app:
        yield app


def cause_errors(app: Flask, *numbers: int) -> None:
    client = app.test_client()
    for number in numbers:
        assert client.get(f"/fault/{number}").status_code == 500


def test_unhandled_error_is_sent_to_the_administrator(site: Flask, mailbox: Mailbox) -> None:
    cause_errors(site, 1)

    [email] = admin_emails(mailbox)
    assert email.recipients == [ADMIN]
    assert email.subject == "[Flasky] Fault1 in fault"
    assert email.message["From"] == "Flasky <flasky@localhost>"
    assert email.message["Auto-Submitted"] == "auto-generated"


def test_same_error_is_sent_once(site: Flask, mailbox: Mailbox) -> None:
    cause_errors(site, *[1] * 20, 2)

    assert [email.subject.split()[-3] for email in admin_emails(mailbox, 2)] == [
        "Fault1",
        "Fault2",
    ]


@pytest.mark.slow
def test_next_email_has_the_number_of_occurrences(mailbox: Mailbox) -> None:
    with faulty_site(**mailbox.settings, ERROR_EMAIL_INTERVAL=1) as app:
        attempts = 0
        while len(mailbox.to(ADMIN)) < 2 and attempts < 100_000:
            cause_errors(app, 1)
            attempts += 1

    first, second, *_later = mailbox.to(ADMIN)
    assert "Occurrences" not in first.text
    occurrences = int(second.text.partition("about this error: ")[2].partition(".")[0])
    assert 1 <= occurrences <= attempts - 2


def test_hourly_limit_is_announced_in_the_last_email(mailbox: Mailbox) -> None:
    with faulty_site(**mailbox.settings, ERROR_EMAILS_PER_HOUR=3) as app:
        cause_errors(app, *range(20))
        admin_emails(mailbox, 3)

    # The end of the block waits for the queue, so no more emails will arrive.
    announced = ["ERROR_EMAILS_PER_HOUR is reached" in email.text for email in mailbox.to(ADMIN)]
    assert announced == [False, False, True]
    assert "no error email for 60 minutes" in mailbox.last(ADMIN).text


def test_database_outage_is_one_email(site: Flask, mailbox: Mailbox) -> None:
    def fail() -> str:
        raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    for endpoint in ("main.index", "main.user", "auth.login"):
        site.view_functions[endpoint] = lambda **_values: fail()
    client = site.test_client()
    for path in ("/", "/user/ann", "/auth/login"):
        assert client.get(path).status_code == 503
    admin_emails(mailbox)
    handler_module.remove_handlers()

    [email] = mailbox.to(ADMIN)
    assert email.subject == f"[Flasky] {UNREACHABLE.message} in main.index"


def test_errors_outside_requests_are_sent(site: Flask, mailbox: Mailbox) -> None:
    site.logger.error("The worker has no %s.", "queue")
    logging.getLogger("another.library").error("Something else")

    subjects = sorted(email.subject for email in admin_emails(mailbox, 2))
    assert subjects[0].startswith("[Flasky] Something else in test_errors_outside")
    assert subjects[1].startswith("[Flasky] The worker has no queue. in test_errors_outside")


def test_errors_of_sending_emails_are_not_sent(site: Flask, mailbox: Mailbox) -> None:
    def fail(_error: BaseException | None) -> None:
        site.logger.error("Error in the email thread")

    site.teardown_appcontext(fail)
    site.logger.error("Broken")
    admin_emails(mailbox)
    handler_module.remove_handlers()

    assert len(mailbox.to(ADMIN)) == 1


def test_warnings_are_not_sent(site: Flask, mailbox: Mailbox) -> None:
    site.logger.warning("Not so bad")
    site.logger.error("Bad")

    [email] = admin_emails(mailbox)
    assert email.subject.startswith("[Flasky] Bad")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, False),
        ({"ERROR_EMAILS": True}, True),
        ({"ERROR_EMAILS": True, "MAIL_SERVER": None}, False),
        ({"ERROR_EMAILS": True, "FLASKY_ADMIN": None}, False),
    ],
    ids=["default", "enabled", "no server", "no recipient"],
)
def test_emails_need_three_settings(settings: dict[str, object], expected: bool) -> None:
    make_app(**{"MAIL_SERVER": "127.0.0.1", **settings})

    assert sends_error_emails() is expected
    handler_module.remove_handlers()


@pytest.mark.parametrize(
    "name",
    [
        "production",
        "heroku",
        "docker",
        "unix",
    ],
)
@pytest.mark.parametrize(
    ("server", "admin", "missing"),
    [
        (None, None, ["MAIL_SERVER"]),
        ("127.0.0.1", None, ["FLASKY_ADMIN"]),
        ("127.0.0.1", ADMIN, []),
    ],
    ids=["no server", "no recipient", "both"],
)
def test_production_sends_error_emails_or_warns(
    name: str,
    server: str | None,
    admin: str | None,
    missing: list[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = {
        "SECRET_KEY": "k" * 48,
        "SITE_URL": "https://example.com",
        "TRUSTED_HOSTS": ["example.com"],
        "SQLALCHEMY_DATABASE_URI": "sqlite:////tmp/site.sqlite",
        "MAIL_SERVER": server,
        "FLASKY_ADMIN": admin,
        "SYSLOG_ADDRESS": None,
    }
    altered = type("AlteredConfig", (config.config[name],), settings)
    monkeypatch.setitem(config.config, "altered", altered)

    create_app("altered")

    messages = [x.getMessage() for x in caplog.records if "is not set: " in x.getMessage()]
    assert [message.split()[0] for message in messages] == missing
    assert sends_error_emails() is (not missing)
    handler_module.remove_handlers()


def test_no_request_waits_for_the_mail_server() -> None:
    with silent_server() as server:
        port = server.getsockname()[1]
        with faulty_site(MAIL_SERVER="127.0.0.1", MAIL_PORT=port, MAIL_TIMEOUT=30) as app:
            cause_errors(app, *range(10))

            # All responses are here, and the first email is still waiting for the mail server.
            connection, _peer = server.accept()
            with connection:
                assert is_connected(connection)
                server.close()  # the other emails fail at once


def test_errors_that_do_not_fit_into_the_queue_are_only_logged(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler_module, "MAX_QUEUED", 2)
    with silent_server() as server:
        port = server.getsockname()[1]
        with faulty_site(MAIL_SERVER="127.0.0.1", MAIL_PORT=port) as app:
            cause_errors(app, 0)
            connection, _peer = server.accept()  # the first email has left the queue
            cause_errors(app, 1, 2, 3, 4, 5)
            app.extensions["mail"].port = mailbox.controller.port
            connection.close()
            admin_emails(mailbox, 2)
            cause_errors(app, 6)
            admin_emails(mailbox, 3)

    assert [email.subject.split()[-3] for email in mailbox.to(ADMIN)] == [
        "Fault1",
        "Fault2",
        "Fault6",
    ]


def test_failure_is_logged_once_and_told_in_the_next_email(
    mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    with faulty_site(MAIL_SERVER="127.0.0.1", MAIL_PORT=free_port()) as app:
        cause_errors(app, 1, 2, 3)
        wait_until(queue_is_done, "three attempts")
        app.extensions["mail"].port = mailbox.controller.port
        cause_errors(app, 4)
        [email] = admin_emails(mailbox)

    assert "Previous emails that could not be sent: 3." in email.text
    messages = [record.getMessage() for record in caplog.records]
    [warning] = [x for x in messages if x.startswith("Cannot send error emails")]
    assert "ConnectionRefusedError" in warning


def queue_is_done() -> bool:
    [handler] = [x for x in logging.getLogger().handlers if isinstance(x, ErrorEmailHandler)]
    return handler.queue.unfinished_tasks == 0


def test_no_thread_survives_a_fork_and_no_email_is_lost(site: Flask, mailbox: Mailbox) -> None:
    cause_errors(site, 1)
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)

    assert "error-email" not in [thread.name for thread in threading.enumerate()]
    assert [email.subject for email in mailbox.to(ADMIN)] == ["[Flasky] Fault1 in fault"]
    cause_errors(site, 2)
    admin_emails(mailbox, 2)
