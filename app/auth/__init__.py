"""Getting in and out: sessions, registration, passwords and addresses."""

from flask import Blueprint

auth = Blueprint("auth", __name__)

from . import email_change, password, registration, session, tokens  # noqa: E402, F401 - views
