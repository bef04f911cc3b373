"""The content of error emails: enough to find the error, and no secrets."""

import json
import logging
import re
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from flask import Flask, g, request, url_for
from sqlalchemy.exc import OperationalError

from app.database.errors import UNREACHABLE
from app.error_reporting.handler import ErrorEmailHandler
from app.error_reporting.report import MAX_SUBJECT, ErrorReport
from app.extensions import db
from app.logs.formatters import MAX_TRACEBACK
from app.models import User
from tests.support.app_factory import make_app
from tests.support.databases import migrated, new_sqlite_url, record_statements
from tests.support.factories import Factory
from tests.support.faulty_site import ADMIN, admin_emails, faulty_site
from tests.support.mailbox import Mailbox, ReceivedEmail
from tests.support.repository import ROOT

SECRETS = {
    "SECRET_KEY": "the key that signs everything",
    "SECRET_KEY_FALLBACKS": ["the key of last year, which is still valid"],
    "MAIL_PASSWORD": "the password of the mail server",
    "METRICS_TOKEN": "the token of the monitoring",
}


@pytest.fixture
def site(mail_server: Mailbox, tmp_path: Path) -> Iterator[Flask]:
    mail_server.clear()
    database = new_sqlite_url(tmp_path)
    settings = {"SQLALCHEMY_DATABASE_URI": database, **SECRETS, **mail_server.settings}
    with (
        faulty_site(RELEASE="42", COMMIT="c0ffee", **settings) as app,
        migrated(app),
    ):
        yield app


def field(email: ReceivedEmail, name: str) -> str:
    """Return the value of a field in the body."""
    [line] = [x for x in email.text.splitlines() if x.startswith(f"{name:<12} ")]
    return line[13:]


def test_email_describes_the_error_and_the_request(site: Flask, mail_server: Mailbox) -> None:
    response = site.test_client().get("/fault/7?page=2")

    [email] = admin_emails(mail_server)
    assert (field(email, "method"), field(email, "path")) == ("GET", "/fault/7")
    assert field(email, "endpoint") == "fault"
    assert field(email, "request_id") == response.headers["X-Request-ID"]
    assert field(email, "remote_addr") == "127.0.0.1"
    assert (field(email, "release"), field(email, "commit")) == ("42", "c0ffee")
    assert field(email, "host").startswith(f"{socket.gethostname()}, process ")
    assert (field(email, "logger"), field(email, "level")) == ("app", "ERROR")
    assert field(email, "message") == "Exception on /fault/7 [GET]"
    assert re.search(r"faulty_site.py:\d+ in fault$", field(email, "location"))
    assert "user_id" not in email.text
    assert "Traceback (most recent call last):" in email.text
    assert email.text.rstrip().endswith("Fault7: number 7")


def test_user_is_named_without_a_query(site: Flask, mail_server: Mailbox) -> None:
    ann = Factory(site).user("ann")
    with site.test_request_context("/"), record_statements(site) as statements:
        g._login_user = db.session.get(User, ann.id)
        db.session.rollback()  # expires the attributes of the user
        statements.clear()
        site.logger.error("Broken")

    [email] = admin_emails(mail_server)
    assert field(email, "user_id") == str(ann.id)
    assert statements == []


def test_email_about_a_command_names_the_command(site: Flask, mail_server: Mailbox) -> None:
    @site.cli.command("break")
    @click.argument("word")
    def break_(word: str) -> None:
        site.logger.error("Broken by %d characters", len(word))

    site.test_cli_runner().invoke(args=["break", "sesame"])

    [email] = admin_emails(mail_server)
    assert field(email, "command").endswith("break")
    assert "sesame" not in email.text
    assert "request" not in email.text


TOKEN = "eyJwdXJwb3NlIjoicmVzZXQifQ.ZzzzZZ.signature-of-the-site"
USER_INPUT = {
    "password": ("form", "open sesame"),
    "new_password": ("form", "shh!"),
    "about": ("form", "I was born\r\nin a village"),
    "session": ("cookie", "a-session-cookie"),
    "Authorization": ("header", "Basic YW5uOm9wZW4gc2VzYW1l"),
    "token": ("query", TOKEN),
}


def user_input(kind: str) -> dict[str, str]:
    return {name: value for name, (where, value) in USER_INPUT.items() if where == kind}


def test_user_input_is_redacted(site: Flask, mail_server: Mailbox) -> None:
    client = site.test_client()
    for name, value in user_input("cookie").items():
        client.set_cookie(name, value)

    client.post(
        "/echo",
        data=user_input("form"),
        headers=user_input("header"),
        query_string=user_input("query"),
    )

    [email] = admin_emails(mail_server)
    assert "raise ValueError" in email.text
    for _kind, value in USER_INPUT.values():
        for line in value.splitlines():
            assert line not in f"{email.subject}{email.text}"


def test_form_is_not_parsed_for_an_error_email(site: Flask, mail_server: Mailbox) -> None:
    with site.test_request_context("/echo", method="POST", data=user_input("form")):
        site.logger.error("Broken")
        assert "form" not in vars(request)

    assert admin_emails(mail_server)


def test_secret_settings_are_redacted(site: Flask, mail_server: Mailbox) -> None:
    values = [site.config[name] for name in SECRETS]
    secrets = [str(value[0] if isinstance(value, list) else value) for value in values]

    site.logger.error("Secrets: %s, and %r", secrets, values)

    [email] = admin_emails(mail_server)
    for secret in secrets:
        assert secret not in f"{email.subject}{email.text}"


@pytest.mark.parametrize("endpoint", ["auth.confirm", "auth.password_reset", "auth.change_email"])
def test_token_in_the_url_is_redacted(endpoint: str, site: Flask, mail_server: Mailbox) -> None:
    def fail(token: str) -> str:
        raise ValueError(token)

    with site.test_request_context():
        path = url_for(endpoint, token="a-token-of-any-shape")
    site.view_functions[endpoint] = fail

    site.test_client().get(path)

    [email] = admin_emails(mail_server)
    assert field(email, "path") == f"{path.rpartition('/')[0]}/[hidden]"
    assert "a-token-of-any-shape" not in f"{email.subject}{email.text}"


MESSAGES = {
    "header injection": "Broken\r\nBcc: victim@example.com",
    "line feed": "Broken\nX: y",
    "control characters": "Broken\u2028X: y\x00\x1b",
    "surrogate": "Broken \udce9",
    "long": "Broken " * 1000,
}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_subject_is_one_short_line(message: str, site: Flask, mail_server: Mailbox) -> None:
    # Call the handler directly: pytest's log capture fails on a surrogate.
    record = site.logger.makeRecord(site.name, logging.ERROR, __file__, 1, message, (), None)
    [handler] = [x for x in logging.getLogger().handlers if isinstance(x, ErrorEmailHandler)]
    handler.handle(record)

    [email] = admin_emails(mail_server)
    assert email.recipients == [ADMIN]
    assert email.subject.startswith("[Flasky] Broken")
    assert email.subject.isprintable()
    assert len(email.subject.removeprefix("[Flasky] ")) < MAX_SUBJECT + 11
    assert email.message["Bcc"] is None
    assert [x for x in email.text.splitlines() if x.startswith(("Bcc", "X:"))] == []


def test_message_may_have_any_characters(site: Flask, mail_server: Mailbox) -> None:
    site.logger.error("你好, Grüße")

    [email] = admin_emails(mail_server)
    assert email.subject.startswith("[Flasky] 你好, Grüße")
    assert field(email, "message") == "你好, Grüße"


def test_long_traceback_is_truncated(site: Flask, mail_server: Mailbox) -> None:
    def ping(number: int = 0) -> str:
        return pong()

    def pong() -> str:
        return ping()

    site.view_functions["fault"] = ping
    site.test_client().get("/fault/1")

    [email] = admin_emails(mail_server)
    assert email.subject == "[Flasky] RecursionError in fault"
    assert len(email.text) < MAX_TRACEBACK + 5_000


def record_of(function: Callable[[], object], **attributes: object) -> logging.LogRecord:
    """Return the record of the exception that `function` raises."""
    record = logging.LogRecord("app", logging.ERROR, __file__, 1, "Broken", (), None)
    try:
        function()
    except Exception:  # noqa: BLE001 - any exception
        record.exc_info = sys.exc_info()
    vars(record).update(attributes)
    return record


def parse_number() -> object:
    return json.loads("not a number")


def parse_name() -> object:
    return json.loads("a name")


def query_database() -> object:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    raise OperationalError("SELECT 1", {}, error)


def query_database_elsewhere() -> object:
    return query_database()


def make_report() -> ErrorReport:
    report = ErrorReport(make_app())
    report.app.root_path = str(ROOT / "tests")
    return report


def test_location_is_the_innermost_line_of_the_application() -> None:
    report = make_report()
    record = record_of(parse_number)

    ours = report.location(record)
    report.app.root_path = str(ROOT / "app")
    innermost = report.location(record)

    assert re.fullmatch(rf"{__file__}:\d+ in parse_number", ours)
    assert re.search(r"json/decoder.py:\d+ in \w+$", innermost)


def test_key_consists_of_exception_type_and_location() -> None:
    report = make_report()

    assert report.key(record_of(parse_number)) == report.key(record_of(parse_number))
    assert report.key(record_of(parse_number)) != report.key(record_of(parse_name))


def test_database_errors_have_the_same_key_everywhere() -> None:
    report = make_report()
    records = (
        record_of(query_database),
        record_of(query_database_elsewhere),
        record_of(int, kind=UNREACHABLE.message),
    )

    assert len({report.key(record) for record in records}) == 1
