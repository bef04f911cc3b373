"""Personal data is neither logged nor sent in error emails."""

import json
import logging
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from flask import Flask, request
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from app.error_reporting.report import ErrorReport
from app.extensions import db
from app.logs.formatters import JsonFormatter
from tests.support.app_factory import make_app
from tests.support.factories import Factory

pytestmark = pytest.mark.both_databases


def test_database_error_hides_the_parameters(app: Flask) -> None:
    statement = text("SELECT nonsense FROM users WHERE email = :secret")
    with app.app_context(), pytest.raises(SQLAlchemyError) as caught:
        db.session.execute(statement, {"secret": "ann@example.com"})
    sqlalchemy_part = str(caught.value).partition("[SQL:")[2]
    assert "ann@example.com" not in sqlalchemy_part
    assert "parameters hidden" in sqlalchemy_part


def test_rejected_row_is_neither_logged_nor_emailed(app: Flask, make: Factory) -> None:
    """PostgreSQL includes the row in its message: "Failing row contains (…"."""
    ann = make.user("ann")
    with app.app_context():
        secrets = db.session.execute(text("SELECT email, password_hash FROM users")).one()
        with pytest.raises(IntegrityError) as caught:
            db.session.execute(text("UPDATE users SET username = NULL"))
        info = (IntegrityError, caught.value, caught.value.__traceback__)
        record = app.logger.makeRecord("app", logging.ERROR, "", 1, "Broken", (), info)
        output = JsonFormatter().format(record) + ErrorReport(app).format(record)
        db.session.rollback()

    assert ann.email in secrets
    assert "IntegrityError" in output
    assert not [secret for secret in secrets if secret[:40] in output]


VALUES = ["back\\slash-word", 'it\'s "both" quotes', "zwölf & 1\u200bBoxkämpfer"]


@pytest.mark.parametrize("encode", [str, repr, ascii, json.dumps, quote, quote_plus])
@pytest.mark.parametrize("value", VALUES)
def test_form_value_is_hidden_in_every_encoding(value: str, encode: Callable[[str], str]) -> None:
    app = make_app()
    with app.test_request_context(method="POST", data={"password": value}):
        assert request.form["password"] == value
        record = app.logger.makeRecord("app", logging.ERROR, "", 1, encode(value), (), None)
        report = ErrorReport(app).format(record)

    assert "[hidden]" in report
    assert encode(value)[1:-1] not in report
