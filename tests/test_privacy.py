"""What the log does not hold, and error mails neither."""

import json
import logging
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from flask import Flask, request
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from app.error_report import ErrorReport
from app.extensions import db
from app.lines import JsonFormatter

from .factories import Factory
from .settings import make_app


def test_error_of_the_database_leaves_out_what_was_to_be_stored(app: Flask) -> None:
    statement = text("SELECT nonsense FROM users WHERE email = :secret")
    with app.app_context(), pytest.raises(SQLAlchemyError) as caught:
        db.session.execute(statement, {"secret": "ann@example.com"})
    without_the_servers_own_words = str(caught.value).partition("[SQL:")[2]
    assert "ann@example.com" not in without_the_servers_own_words
    assert "parameters hidden" in without_the_servers_own_words


def test_row_that_the_database_refused_is_neither_logged_nor_mailed(
    app: Flask, make: Factory
) -> None:
    """PostgreSQL shows all of it: "Failing row contains (…"."""
    ann = make.user("ann")
    with app.app_context():
        secrets = db.session.execute(text("SELECT email, password_hash FROM users")).one()
        with pytest.raises(IntegrityError) as caught:
            db.session.execute(text("UPDATE users SET username = NULL"))
        info = (IntegrityError, caught.value, caught.value.__traceback__)
        line = app.logger.makeRecord("app", logging.ERROR, "", 1, "Broken", (), info)
        written = JsonFormatter().format(line) + ErrorReport(app).format(line)
        db.session.rollback()

    assert ann.email in secrets
    assert "IntegrityError" in written
    assert not [secret for secret in secrets if secret[:40] in written]


ODD_ANSWERS = ["back\\slash-word", 'it\'s "both" quotes', "zwölf & 1\u200bBoxkämpfer"]


@pytest.mark.parametrize("written", [str, repr, ascii, json.dumps, quote, quote_plus])
@pytest.mark.parametrize("answer", ODD_ANSWERS)
def test_answer_is_not_mailed_however_the_error_writes_it(
    answer: str, written: Callable[[str], str]
) -> None:
    app = make_app()
    with app.test_request_context(method="POST", data={"password": answer}):
        assert request.form["password"] == answer
        line = app.logger.makeRecord("app", logging.ERROR, "", 1, written(answer), (), None)
        report = ErrorReport(app).format(line)

    assert "[hidden]" in report
    assert written(answer)[1:-1] not in report
