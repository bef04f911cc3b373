"""Errors are mailed to the administrator: some of them, and without anybody waiting for it."""

import logging
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

import config
from app import create_app, error_mail

from .faulty_site import (
    ADMIN,
    PATIENCE,
    black_hole,
    faulty_site,
    is_mailing,
    is_open,
    mails,
    wait_until,
)
from .mailbox import Mailbox, free_port
from .settings import make_app


@pytest.fixture
def mailbox(mail_server: Mailbox) -> Mailbox:
    mail_server.clear()
    return mail_server


@pytest.fixture
def site(mailbox: Mailbox) -> Iterator[Flask]:
    with faulty_site(**mailbox.settings) as app:
        yield app


def break_down(app: Flask, *numbers: int) -> None:
    client = app.test_client()
    for number in numbers:
        assert client.get(f"/fault/{number}").status_code == 500


def test_unhandled_error_is_mailed_to_the_administrator_alone(
    site: Flask, mailbox: Mailbox
) -> None:
    break_down(site, 1)

    [mail] = mails(mailbox)
    assert mail.recipients == [ADMIN]
    assert mail.subject == "[Flasky] Fault1 in fault"
    assert mail.message["From"] == "Flasky <flasky@localhost>"
    assert mail.message["Auto-Submitted"] == "auto-generated"


def test_same_error_is_mailed_once(site: Flask, mailbox: Mailbox) -> None:
    break_down(site, *[1] * 50, 2)

    assert [mail.subject[9:15] for mail in mails(mailbox, 2)] == ["Fault1", "Fault2"]


def test_next_mail_about_an_error_tells_how_often_it_happened_meanwhile(mailbox: Mailbox) -> None:
    with faulty_site(**mailbox.settings, FLASKY_ERROR_MAIL_INTERVAL=1) as app:
        tries = 0
        while len(mailbox.to(ADMIN)) < 2 and tries < 100_000:
            break_down(app, 1)
            tries += 1

    first, second, *_later = mailbox.to(ADMIN)
    assert "Times this happened" not in first.text
    told = int(second.text.partition("the last mail about it: ")[2].partition(".")[0])
    assert 1 <= told <= tries - 2


def test_limit_for_an_hour_holds_and_the_last_mail_says_so(mailbox: Mailbox) -> None:
    with faulty_site(**mailbox.settings, FLASKY_ERROR_MAILS_PER_HOUR=3) as app:
        break_down(app, *range(20))
        mails(mailbox, 3)

    # The queue was emptied as the block ended: nothing is on its way any more.
    said = ["FLASKY_ERROR_MAILS_PER_HOUR" in mail.text for mail in mailbox.to(ADMIN)]
    assert said == [False, False, True]
    assert "mails nothing for the next 60 minutes" in mailbox.last(ADMIN).text


def test_outage_of_the_database_is_one_mail(site: Flask, mailbox: Mailbox) -> None:
    def away() -> str:
        raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    for page in ("main.index", "main.user", "auth.login"):
        site.view_functions[page] = lambda **_values: away()
    client = site.test_client()
    for path in ("/", "/user/ann", "/auth/login"):
        assert client.get(path).status_code == 503
    mails(mailbox)
    error_mail.switch_off()

    [mail] = mailbox.to(ADMIN)
    assert mail.subject == "[Flasky] The database did not answer in main.index"


def test_error_outside_of_requests_is_mailed(site: Flask, mailbox: Mailbox) -> None:
    site.logger.error("The worker has no %s.", "queue")
    logging.getLogger("another.library").error("Something else")

    subjects = sorted(mail.subject for mail in mails(mailbox, 2))
    assert subjects[0].startswith("[Flasky] Something else in test_error_outside")
    assert subjects[1].startswith("[Flasky] The worker has no queue. in test_error_outside")


def test_trouble_of_mailing_an_error_is_not_mailed(site: Flask, mailbox: Mailbox) -> None:
    def complain(_error: BaseException | None) -> None:
        site.logger.error("Broken, too")

    site.teardown_appcontext(complain)  # of the thread that mails
    site.logger.error("Broken")
    mails(mailbox)
    error_mail.switch_off()

    assert len(mailbox.to(ADMIN)) == 1


def test_warning_is_not_mailed(site: Flask, mailbox: Mailbox) -> None:
    site.logger.warning("Not so bad")
    site.logger.error("Bad")

    assert [mail.subject[:12] for mail in mails(mailbox)] == ["[Flasky] Bad"]


@pytest.mark.parametrize(
    ("settings", "is_on"),
    [
        ({}, False),
        ({"ERROR_MAIL": True}, True),
        ({"ERROR_MAIL": True, "MAIL_SERVER": None}, False),
        ({"ERROR_MAIL": True, "FLASKY_ADMIN": None}, False),
    ],
    ids=["tests", "asked for", "no server", "nobody to tell"],
)
def test_errors_are_mailed_if_that_is_wanted_and_possible(
    settings: dict[str, object], is_on: bool
) -> None:
    make_app(**{"MAIL_SERVER": "127.0.0.1", **settings})

    assert is_mailing() is is_on
    error_mail.switch_off()


@pytest.mark.parametrize("name", ["production", "heroku", "docker", "unix"])
@pytest.mark.parametrize(
    ("server", "admin", "told"),
    [
        (None, ADMIN, ["MAIL_SERVER"]),
        (None, None, ["MAIL_SERVER"]),
        ("127.0.0.1", None, ["FLASKY_ADMIN"]),
        ("127.0.0.1", ADMIN, []),
    ],
    ids=["no server", "neither", "nobody to tell", "both"],
)
def test_production_mails_errors_or_says_in_one_line_what_is_missing(
    name: str,
    server: str | None,
    admin: str | None,
    told: list[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = {
        "SECRET_KEY": "k" * 48,
        "FLASKY_URL": "https://example.com",
        "TRUSTED_HOSTS": ["example.com"],
        "SQLALCHEMY_DATABASE_URI": "sqlite:////tmp/site.sqlite",
        "MAIL_SERVER": server,
        "FLASKY_ADMIN": admin,
        "FLASKY_SYSLOG": None,
    }
    altered = type("AlteredConfig", (config.config[name],), given)
    monkeypatch.setitem(config.config, "altered", altered)

    create_app("altered")

    lines = [x.getMessage() for x in caplog.records if "errors are told" in x.getMessage()]
    assert [line.split()[0] for line in lines] == told
    assert is_mailing() is (not told)
    error_mail.switch_off()


def test_no_request_waits_for_a_mail_server_that_says_nothing() -> None:
    with black_hole() as hole:
        port = hole.getsockname()[1]
        with faulty_site(MAIL_SERVER="127.0.0.1", MAIL_PORT=port, MAIL_TIMEOUT=PATIENCE) as app:
            break_down(app, *range(10))

            # All answers are here, and the one mail that is under way still waits for its first.
            connection, _peer = hole.accept()
            with connection:
                assert is_open(connection)
                hole.close()  # so that the nine others do not keep the test waiting


def test_what_does_not_fit_into_the_queue_is_dropped_and_counted(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(error_mail, "LONGEST_QUEUE", 2)
    with black_hole() as hole:
        port = hole.getsockname()[1]
        with faulty_site(MAIL_SERVER="127.0.0.1", MAIL_PORT=port) as app:
            break_down(app, 0)
            connection, _peer = hole.accept()  # so number 0 is no longer in the queue
            break_down(app, 1, 2, 3, 4, 5)
            app.extensions["mail"].port = mailbox.controller.port
            connection.close()
            mails(mailbox, 2)
            break_down(app, 6)
            last = mails(mailbox, 3)[-1]

    assert [mail.subject[9:15] for mail in mailbox.to(ADMIN)] == ["Fault1", "Fault2", "Fault6"]
    assert "not mailed since too many mails waited: 3." in last.text


def test_failure_to_mail_is_told_once_and_so_is_its_end(
    mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    def told(level: int) -> list[str]:
        return [x.getMessage() for x in caplog.records if x.levelno == level]

    with (
        faulty_site(MAIL_SERVER="127.0.0.1", MAIL_PORT=free_port()) as app,
        caplog.at_level(logging.INFO),
    ):
        break_down(app, 1, 2, 3)
        wait_until(lambda: is_idle(app), "all three were tried")
        app.extensions["mail"].port = mailbox.controller.port
        break_down(app, 4)
        [mail] = mails(mailbox)
        wait_until(lambda: "Errors are mailed again; 3 were not." in told(logging.INFO), "told")

    assert "Mails before this one that could not be sent: 3." in mail.text
    [warning] = [line for line in told(logging.WARNING) if "cannot be mailed" in line]
    assert "ConnectionRefusedError" in warning


def is_idle(app: Flask) -> bool:
    """Tell whether the thread has worked off its queue."""
    [handler] = [x for x in logging.getLogger().handlers if isinstance(x, error_mail.ErrorQueue)]
    return handler.queue.unfinished_tasks == 0
