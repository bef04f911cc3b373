"""What the log does not hold."""

import logging

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

import config
from app.extensions import db

SERVED = '127.0.0.1 - - [20/Nov/2026 16:19:33] "%s HTTP/1.1" %s -'


def test_error_of_the_database_leaves_out_what_was_to_be_stored(app: Flask) -> None:
    statement = text("SELECT nonsense FROM users WHERE email = :secret")
    with app.app_context(), pytest.raises(SQLAlchemyError) as caught:
        db.session.execute(statement, {"secret": "ann@example.com"})
    without_the_servers_own_words = str(caught.value).partition("[SQL:")[2]
    assert "ann@example.com" not in without_the_servers_own_words
    assert "parameters hidden" in without_the_servers_own_words


@pytest.mark.parametrize(
    ("line", "is_read"),
    [
        (SERVED % ("GET /static/css/base.css?v=1", 200), False),
        (SERVED % ("\x1b[36mGET /static/js/times.js", 304), False),
        (SERVED % ("GET /bootstrap/static/css/bootstrap.min.css", 200), False),
        (SERVED % ("GET /static/css/none.css", 404), True),
        (SERVED % ("GET /", 200), True),
        ("Press CTRL+C to quit", True),
    ],
)
def test_development_server_is_silent_about_static_files(line: str, is_read: bool) -> None:
    record = logging.LogRecord("werkzeug", logging.INFO, __file__, 1, line, (), None)
    assert config.is_worth_reading(record) is is_read
