"""Noting when people were last here, without making them wait for it."""

from flask import Flask, Response, g
from flask_login import current_user

from .extensions import db


def init_app(app: Flask) -> None:
    """Note the visit of whoever is logged in, once the page is made."""
    app.after_request(note_visit)


def note_visit(response: Response) -> Response:
    """Move `last_seen`, at most once a minute a user.

    The view has committed what it wanted to keep; whatever it left behind is not saved by us.
    Where nobody asked who the reader is, as for a static file, neither do we.
    """
    asked = "_login_user" in g  # where Flask-Login keeps the reader
    if asked and response.status_code < 500 and current_user.is_authenticated:
        if not current_user.ping_is_due():  # without a statement, on most pages
            return response
        db.session.rollback()
        if current_user.ping():
            db.session.commit()
    return response
