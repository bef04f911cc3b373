"""Noting when people were last here, without making them wait for it."""

from flask import Flask, Response, current_app, g
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from .extensions import db
from .failures import failure, one_line


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
        if not (current_user.ping_is_due() or _token_is_due()):  # no statement, on most pages
            return response
        db.session.rollback()
        try:
            _move()
        except SQLAlchemyError as error:
            _leave_it(error)
    return response


def _move() -> None:
    if _token_is_due():
        g.grant.note_use()
    current_user.ping()
    db.session.commit()


def _token_is_due() -> bool:
    """Tell whether the use of the token that the request came with is worth a note."""
    return "grant" in g and bool(g.grant.use_is_due())


def _leave_it(error: SQLAlchemyError) -> None:
    """Send the page, which is made: a database whose disk is full can still be read."""
    if failure(error) is None:
        raise error
    db.session.rollback()
    current_app.logger.warning("A visit was not noted: %s", one_line(error))
