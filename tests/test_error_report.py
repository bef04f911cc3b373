"""An error mail says what is needed to find the error, and nothing that nobody may know."""

import json
import logging
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from flask import Flask, g, request, url_for
from sqlalchemy.exc import OperationalError

from app.error_mail import ErrorQueue
from app.error_report import LONGEST_REPORT, LONGEST_SUBJECT, ErrorReport, place_of
from app.extensions import db
from app.failures import AWAY
from app.models import User

from .databases import counted_statements, migrated, new_sqlite_url
from .factories import Factory
from .faulty_site import ADMIN, faulty_site, mails
from .mailbox import Mailbox, Received
from .repository import ROOT
from .settings import make_app

SECRETS = {
    "SECRET_KEY": "the key that signs everything",
    "SECRET_KEY_FALLBACKS": ["the key of last year, which still counts"],
    "MAIL_PASSWORD": "the mail server's own",
    "FLASKY_MONITOR_TOKEN": "the word for the monitoring",
}


@pytest.fixture
def site(mail_server: Mailbox, tmp_path: Path) -> Iterator[Flask]:
    mail_server.clear()
    database = new_sqlite_url(tmp_path)
    settings = {"SQLALCHEMY_DATABASE_URI": database, **SECRETS, **mail_server.settings}
    with (
        faulty_site(FLASKY_RELEASE="42", FLASKY_COMMIT="c0ffee", **settings) as app,
        migrated(app),
    ):
        yield app


def fact(mail: Received, name: str) -> str:
    """Return what the mail says about `name`."""
    [line] = [x for x in mail.text.splitlines() if x.startswith(f"{name:<12}")]
    return line[12:]


def test_mail_says_what_is_needed_to_find_the_error(site: Flask, mail_server: Mailbox) -> None:
    headers = {"User-Agent": "Test"}
    answer = site.test_client().get("/fault/7?page=2", headers=headers)

    [mail] = mails(mail_server)
    assert fact(mail, "Request") == "GET /fault/7"
    assert fact(mail, "Endpoint") == "fault"
    assert fact(mail, "Request id") == answer.headers["X-Request-ID"]
    assert fact(mail, "Client") == "127.0.0.1"
    assert (fact(mail, "Release"), fact(mail, "Commit")) == ("42", "c0ffee")
    assert fact(mail, "Host").startswith(f"{socket.gethostname()}, process ")
    assert fact(mail, "Logger") == "app, ERROR"
    assert fact(mail, "Message") == "Exception on /fault/7 [GET]"
    assert "Traceback (most recent call last):" in mail.text
    assert mail.text.rstrip().endswith("Fault7: number 7")


def test_mail_names_the_reader_without_asking_the_database(
    site: Flask, mail_server: Mailbox
) -> None:
    ann = Factory(site).user("ann")
    with site.test_request_context("/"), counted_statements(site) as statements:
        g._login_user = db.session.get(User, ann.id)
        db.session.rollback()  # from now on, any look at a column would ask again
        statements.clear()
        site.logger.error("Broken")

    [mail] = mails(mail_server)
    assert fact(mail, "User id") == str(ann.id)
    assert statements == []


def test_mail_about_a_request_of_a_stranger_names_nobody(
    site: Flask, mail_server: Mailbox
) -> None:
    site.test_client().get("/fault/1")

    [mail] = mails(mail_server)
    assert "User id" not in mail.text


def test_mail_from_a_command_names_the_command_and_no_request(
    site: Flask, mail_server: Mailbox
) -> None:
    @site.cli.command("break")
    @click.argument("word")
    def break_(word: str) -> None:
        site.logger.error("Broken by %d letters", len(word))

    site.test_cli_runner().invoke(args=["break", "sesame"])

    [mail] = mails(mail_server)
    assert fact(mail, "Command").endswith("break")
    assert "sesame" not in mail.text
    assert "Request" not in mail.text


TOKEN = "eyJwdXJwb3NlIjoicmVzZXQifQ.ZzzzZZ.signature-of-the-site"
SENT = {
    "password": ("form", "open sesame"),
    "new_password": ("form", "shh!"),
    "about": ("form", "I was born\r\nin a village"),
    "session": ("cookie", "a-cookie-that-opens-the-account"),
    "Authorization": ("header", "Basic YW5uOm9wZW4gc2VzYW1l"),
    "token": ("query", TOKEN),
}


def sent(kind: str) -> dict[str, str]:
    return {name: value for name, (where, value) in SENT.items() if where == kind}


def test_mail_repeats_nothing_that_a_reader_sent(site: Flask, mail_server: Mailbox) -> None:
    client = site.test_client()
    for name, value in sent("cookie").items():
        client.set_cookie(name, value)

    client.post("/say", data=sent("form"), headers=sent("header"), query_string=sent("query"))

    [mail] = mails(mail_server)
    assert "raise ValueError" in mail.text
    for _kind, value in SENT.values():
        for line in value.splitlines():
            assert line not in mail.message.as_string()


def test_form_that_nobody_has_read_is_left_alone(site: Flask, mail_server: Mailbox) -> None:
    with site.test_request_context("/say", method="POST", data=sent("form")):
        site.logger.error("Broken")  # and the rest of the form may still be on its way
        assert "form" not in vars(request)

    assert mails(mail_server)


@pytest.mark.parametrize("name", SECRETS)
def test_mail_repeats_no_secret_of_the_site(name: str, site: Flask, mail_server: Mailbox) -> None:
    value = site.config[name]
    secret = str(value[0] if isinstance(value, list) else value)

    site.logger.error("It is %s, and %r", secret, value)

    [mail] = mails(mail_server)
    assert secret not in mail.message.as_string()
    assert secret not in mail.text


@pytest.mark.parametrize("endpoint", ["auth.confirm", "auth.password_reset", "auth.change_email"])
def test_link_in_a_letter_is_not_repeated(
    endpoint: str, site: Flask, mail_server: Mailbox
) -> None:
    def broken(token: str) -> str:
        raise ValueError(token)

    with site.test_request_context():
        path = url_for(endpoint, token="anything-that-opens")
    site.view_functions[endpoint] = broken

    site.test_client().get(path)

    [mail] = mails(mail_server)
    assert fact(mail, "Request") == f"GET {path.rpartition('/')[0]}/[hidden]"
    assert "anything-that-opens" not in mail.message.as_string()


FORGERIES = {
    "header": "Broken\r\nBcc: everybody@example.com",
    "bare": "Broken\nX: y",
    "separator": "Broken\u2028X: y\x00\x1b",
    "surrogate": "Broken \udce9",
    "long": "Broken " * 1000,
}


@pytest.mark.parametrize("message", FORGERIES.values(), ids=FORGERIES)
def test_subject_is_one_short_line_whatever_the_error_says(
    message: str, site: Flask, mail_server: Mailbox
) -> None:
    # Straight to the handler: pytest, which captures the log, could not report a surrogate.
    record = site.logger.makeRecord(site.name, logging.ERROR, __file__, 1, message, (), None)
    [queue] = [x for x in logging.getLogger().handlers if isinstance(x, ErrorQueue)]
    queue.handle(record)

    [mail] = mails(mail_server)
    assert mail.recipients == [ADMIN]
    assert mail.subject.startswith("[Flasky] Broken")
    assert mail.subject.isprintable()
    assert len(mail.subject) < LONGEST_SUBJECT + 20
    assert mail.message["Bcc"] is None
    assert [x for x in mail.text.splitlines() if x.startswith(("Bcc", "X:"))] == []


def test_error_in_another_language_arrives(site: Flask, mail_server: Mailbox) -> None:
    site.logger.error("你好, Grüße")

    [mail] = mails(mail_server)
    assert mail.subject.startswith("[Flasky] 你好, Grüße")
    assert fact(mail, "Message") == "你好, Grüße"


def test_endless_recursion_makes_a_mail_of_bearable_length(
    site: Flask, mail_server: Mailbox
) -> None:
    def ping(number: int = 0) -> str:
        return pong()

    def pong() -> str:
        return ping()

    site.view_functions["fault"] = ping
    site.test_client().get("/fault/1")

    [mail] = mails(mail_server)
    assert mail.subject == "[Flasky] RecursionError in fault"
    assert len(mail.text) < LONGEST_REPORT + 5_000


def record_of(broken: Callable[[], object], **extra: object) -> logging.LogRecord:
    """Return the record of the error that `broken` raises."""
    record = logging.LogRecord("app", logging.ERROR, __file__, 1, "Broken", (), None)
    try:
        broken()
    except Exception:  # noqa: BLE001 - whatever it is
        record.exc_info = sys.exc_info()
    vars(record).update(extra)
    return record


def wrong_number() -> object:
    return json.loads("not a number")


def wrong_name() -> object:
    return json.loads("a name")


def database_away() -> object:
    reason = sqlite3.OperationalError("disk I/O error")
    reason.sqlite_errorcode = sqlite3.SQLITE_IOERR
    raise OperationalError("SELECT 1", {}, reason)


def database_away_from_here() -> object:
    return database_away()


def test_place_is_the_innermost_line_of_our_own_code() -> None:
    record = record_of(wrong_number)

    ours = place_of(record, str(ROOT / "tests"))
    innermost = place_of(record, str(ROOT / "app"))

    assert (ours.path, ours.function) == (__file__, "wrong_number")
    assert innermost.path.endswith("json/decoder.py")


def test_kind_and_place_make_an_error_the_same() -> None:
    report = ErrorReport(make_app())
    report.app.root_path = str(ROOT / "tests")

    assert report.key(record_of(wrong_number)) == report.key(record_of(wrong_number))
    assert report.key(record_of(wrong_number)) != report.key(record_of(wrong_name))


def test_database_that_is_away_is_one_error_wherever_it_is_missed() -> None:
    report = ErrorReport(make_app())
    report.app.root_path = str(ROOT / "tests")
    told_without_exception = record_of(int, kind=AWAY.words)

    keys = {
        report.key(record)
        for record in (
            record_of(database_away),
            record_of(database_away_from_here),
            told_without_exception,
        )
    }

    assert len(keys) == 1
