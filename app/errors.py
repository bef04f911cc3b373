"""Every error, once: a page for people, JSON below /api/ (problems.py)."""

import math
import re
import time
from collections.abc import Callable

from flask import Flask, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import (
    Conflict,
    HTTPException,
    InternalServerError,
    SecurityError,
    ServiceUnavailable,
)

from . import problems
from .audience import is_in_api
from .extensions import db, limiter
from .failures import failure, one_line, statement_of
from .https import SentInTheClear
from .meters import count_exception
from .models import AnonymousUser

Words = tuple[str, str, str]

# A page for these must not ask the database, or anything else that may be broken, again.
BROKEN = {500, 503}
RETRY_AFTER = 30  # seconds
OWN_WORDS = {400, 401, 403, 404, 409, 422, 503}  # statuses that our own code explains

# What PostgreSQL and SQLite say when a row has gone, or is there already.
LOST_RACE = re.compile("foreign key constraint|unique constraint", re.IGNORECASE)


def init_app(app: Flask) -> None:
    """Answer every HTTP error with a page that looks like the site."""
    app.register_error_handler(HTTPException, show_error)
    app.register_error_handler(InternalServerError, show_error)
    app.register_error_handler(SecurityError, show_unknown_host)
    app.register_error_handler(SQLAlchemyError, show_unavailable)
    app.teardown_appcontext(leave_the_database)
    for lost_race in (IntegrityError, StaleDataError):
        app.register_error_handler(lost_race, show_conflict)


def show_error(error: HTTPException) -> ResponseReturnValue:
    """Answer with the page for `error`, keeping the headers that belong to it."""
    cause = getattr(error, "original_exception", None)
    if cause is not None and failure(cause):  # while an error page was being made
        return show_unavailable(cause)
    status = error.code or 500
    if status < 400:  # a redirect that is raised is no error
        return error
    if status in BROKEN:
        leave_the_database()
        # Flask-Login keeps the reader here; looking them up would ask the database again.
        g._login_user = AnonymousUser()
    if is_in_api():
        return problems.answer(error, _own_words(error), _headers(error))
    words = _in_the_clear if isinstance(error, SentInTheClear) else WORDS.get(status, _other)
    title, message, advice = words()
    page = render_template(
        "errors/error.html",
        status=status,
        title=title,
        message=_own_words(error) or message,
        advice=advice,
        plain=status in BROKEN,
    )
    return page, status, _headers(error)


def show_unknown_host(error: SecurityError) -> ResponseReturnValue:
    """Answer 400 to a request for a host that is not in TRUSTED_HOSTS, and log its name.

    In plain text: the links of a page would lead to that host, too, and url_for() refuses to
    make any. Nobody is looked up for such a request.
    """
    g._login_user = AnonymousUser()
    # Those who try every machine on the internet do this all day: that is no warning.
    current_app.logger.info(
        "%.200s If readers shall use this name, add it to TRUSTED_HOSTS.", error.description
    )
    if is_in_api():
        return problems.answer(error, "Ask for this site by its own name.", [])
    words = gettext("This site is not known by the name that the request asks for.")
    advice = gettext("Open it by its own. If it is yours: TRUSTED_HOSTS in docs/configuration.md.")
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
    return f"{words}\n{advice}\n", 400, headers


def show_unavailable(error: Exception) -> ResponseReturnValue:
    """Answer 503 when the database cannot do its work now, and log why in one line.

    What tells of a bug of ours stays a 500.
    """
    why = failure(error)
    if why is None:
        raise error
    count_exception(error, request.endpoint)
    asked = (request.method, request.endpoint, statement_of(error))
    current_app.logger.log(
        why.level,
        "%s (%s). %s Answered 503: %s",
        why.words,
        one_line(error),
        why.advice,
        " ".join(filter(None, asked)),
        extra={"kind": why.words},  # one error, whatever page met it: see error_report.py
    )
    return show_error(ServiceUnavailable(retry_after=RETRY_AFTER))


def show_conflict(error: Exception) -> ResponseReturnValue:
    """Answer 409 when what was to be changed has gone or changed meanwhile, and log it.

    A database also refuses what our own code should not have tried: that stays a 500.
    """
    if isinstance(error, IntegrityError) and not LOST_RACE.search(str(error.orig)):
        raise error
    current_app.logger.warning("Somebody else was quicker.", exc_info=error)
    db.session.rollback()
    return show_error(Conflict())


def leave_the_database(_error: BaseException | None = None) -> None:
    """Take back what was begun; a connection that cannot even do that is closed.

    At the end of each request, too: Flask-SQLAlchemy would let the page fail, although it has been
    made, if the server went away after the last statement.
    """
    if not db.session.registry.has():
        return
    try:
        db.session.rollback()
    except SQLAlchemyError:
        db.session().invalidate()


def _headers(error: HTTPException) -> list[tuple[str, str]]:
    """Return the headers that belong to `error`, and for a limit when it ends.

    Flask-Limiter's own headers would be on every page that has a limit, and would tell the
    reader of a broken one to come back in an hour.
    """
    kept = [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
    limit = limiter.current_limit
    if error.code == 429 and limit is not None:
        seconds = str(max(1, math.ceil(limit.reset_at - time.time())))
        kept += [
            ("Retry-After", seconds),
            ("RateLimit-Limit", str(limit.limit.amount)),
            ("RateLimit-Remaining", "0"),
            ("RateLimit-Reset", seconds),
        ]
    return kept


def _own_words(error: HTTPException) -> str | None:
    """Return the description that our own code gave to abort(), if it did."""
    if isinstance(error, CSRFError):
        return str(gettext("The form has expired, or was not sent from this site."))
    if isinstance(error, SentInTheClear):
        return _in_the_clear()[1]
    if error.code in OWN_WORDS and error.description != type(error).description:
        return error.description
    return None


def _bad_request() -> Words:
    return (
        gettext("That request cannot be understood"),
        gettext("Something in the address or the form was not in the right form."),
        gettext("Go back, reload the page and try again."),
    )


def _forbidden() -> Words:
    return (
        gettext("You may not do this"),
        gettext("Your account does not have the permission that this page asks for."),
        gettext("If you think it should, write to an administrator."),
    )


def _in_the_clear() -> Words:
    return (
        gettext("Your request was not encrypted"),
        gettext("It came over plain http: others may have read it. Nothing was done with it."),
        gettext("If you typed a password, choose a new one. Begin at the https address."),
    )


def _not_found() -> Words:
    return (
        gettext("There is no such page"),
        gettext("It may have been deleted, or the address has a typing error."),
        gettext("Go back, or begin at the home page."),
    )


def _not_allowed() -> Words:
    return (
        gettext("This address does not work that way"),
        gettext("It cannot be opened by a link."),
        gettext("Go back and use the button on the page."),
    )


def _conflict() -> Words:
    return (
        gettext("Somebody else was quicker"),
        gettext("What you wanted to change has been changed or deleted in the meantime."),
        gettext("Go back and reload the page; your browser still has what you wrote."),
    )


def _too_large() -> Words:
    return (
        gettext("That is too much at once"),
        gettext("The site takes at most one megabyte in a form."),
        gettext("Go back and shorten the text; your browser still has it."),
    )


def _too_many() -> Words:
    return (
        gettext("Too many attempts"),
        gettext("This was tried more often than people do, so it is closed to you for a while."),
        gettext("Wait a little and try again. Nothing was lost, and nothing was done."),
    )


def _broken() -> Words:
    return (
        gettext("Something broke on our side"),
        gettext("It was not your fault. What you did last may not have been saved."),
        gettext("Try again in a moment."),
    )


def _unavailable() -> Words:
    return (
        gettext("The site is catching its breath"),
        gettext("It cannot answer at the moment."),
        gettext("Try again in half a minute."),
    )


def _other() -> Words:
    return (
        gettext("That did not work"),
        gettext("The site could not do what was asked."),
        gettext("Go back and try again."),
    )


WORDS: dict[int, Callable[[], Words]] = {
    400: _bad_request,
    403: _forbidden,
    404: _not_found,
    405: _not_allowed,
    409: _conflict,
    413: _too_large,
    429: _too_many,
    500: _broken,
    503: _unavailable,
}
