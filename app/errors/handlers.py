"""Error handlers: one HTML page or one problem document for every error."""

import math
import re
import time
from typing import Any

from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError
from werkzeug.exceptions import (
    Conflict,
    HTTPException,
    SecurityError,
    ServiceUnavailable,
    TooManyRequests,
)

from ..api_requests import is_api_path
from ..database.errors import classify, failed_statement, summary
from ..extensions import db, limiter
from ..metrics.definitions import count_exception
from ..models import AnonymousUser, User
from ..security.https import InsecureRequest
from ..security.login_manager import loaded_user_id, set_loaded_user
from . import problem_details

# Pages for these statuses must not query the database, which may be the cause.
BROKEN = {500, 503}
RETRY_AFTER = 30  # seconds
# Statuses whose description may come from abort(). Other descriptions are Werkzeug's, in English.
DESCRIBED = {400, 401, 403, 404, 409, 422, 503}

# Errors of PostgreSQL and SQLite if a row was deleted, or inserted, by another transaction.
CONFLICT = re.compile("foreign key constraint|unique constraint", re.IGNORECASE)


def init_app(app: Flask) -> None:
    """Register the error handlers."""
    app.register_error_handler(HTTPException, render_error)
    app.register_error_handler(SecurityError, handle_unknown_host)
    app.register_error_handler(SQLAlchemyError, handle_database_error)
    app.teardown_appcontext(rollback_session)
    for conflict in (IntegrityError, StaleDataError, ObjectDeletedError):
        app.register_error_handler(conflict, handle_conflict)


def render_error(error: HTTPException) -> ResponseReturnValue:
    """Return the page or the problem document for `error`, with its headers."""
    cause = getattr(error, "original_exception", None)
    if cause is not None and classify(cause):  # raised while another error page was rendered
        return handle_database_error(cause)
    status = error.code or 500
    if status < 400:  # abort() can raise redirects, too
        return error
    if status in BROKEN:
        rollback_session()
        set_loaded_user(AnonymousUser())  # the page header would load the user
    description, headers = _description(error), _headers(error)
    if _wants_problem():
        return problem_details.problem_response(error, description, headers)
    html = render_template(
        "errors/error.html",
        status=status,
        is_insecure=isinstance(error, InsecureRequest),
        description=description,
        retry_after=getattr(error, "retry_after", None),
        plain=status in BROKEN,
    )
    return html, status, [*headers, ("Vary", "Accept")]


def handle_unknown_host(error: SecurityError) -> ResponseReturnValue:
    """Return 400 for a host that is not in TRUSTED_HOSTS, as plain text.

    An HTML page would contain links, and url_for() does not build any for this host.
    """
    set_loaded_user(AnonymousUser())
    # Scanners cause this all the time, so it is no warning.
    current_app.logger.info("%.200s To allow it, add it to TRUSTED_HOSTS.", error.description)
    if _wants_problem():
        return problem_details.problem_response(error, "Unknown host.", [])
    message = gettext("Unknown host.")
    advice = gettext("If this is your site, see TRUSTED_HOSTS in docs/configuration.md.")
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
    return f"{message}\n{advice}\n", 400, headers


def handle_database_error(error: Exception) -> ResponseReturnValue:
    """Return 503 if the database is unavailable, and log the reason in one line.

    Any other error is a bug and is raised again.
    """
    kind = classify(error)
    if kind is None:
        raise error
    count_exception(error, request.endpoint)
    context = (request.method, request.endpoint, failed_statement(error))
    current_app.logger.log(
        kind.level,
        "%s (%s). %s Returned 503: %s",
        kind.message,
        summary(error),
        kind.hint,
        " ".join(filter(None, context)),
        extra={"kind": kind.message},  # error reports group by it, whatever the endpoint
    )
    return render_error(ServiceUnavailable(retry_after=RETRY_AFTER))


def handle_conflict(error: Exception) -> ResponseReturnValue:
    """Return 409 if another transaction changed or deleted a row in the meantime.

    Any other integrity error is a bug and is raised again.
    """
    if isinstance(error, IntegrityError) and not CONFLICT.search(str(error.orig)):
        raise error
    current_app.logger.warning("Conflict with another transaction.", exc_info=error)
    db.session.rollback()
    user_id = loaded_user_id()
    if user_id is not None and db.session.get(User, user_id) is None:
        set_loaded_user(AnonymousUser())  # the user was deleted
    return render_error(Conflict())


def rollback_session(_error: BaseException | None = None) -> None:
    """Roll back the session; close its connection if even that fails.

    Also runs when a request ends: if the server closed the connection after the last statement,
    the rollback of Flask-SQLAlchemy would replace the finished page with an error.
    """
    if not db.session.registry.has():
        return
    try:
        db.session.rollback()
    except SQLAlchemyError:
        db.session().invalidate()


def _wants_problem() -> bool:
    """Return True below /api/, and elsewhere if the client prefers JSON to HTML."""
    formats = ["text/html", "application/json", problem_details.MEDIA_TYPE]
    return is_api_path() or request.accept_mimetypes.best_match(formats) in formats[1:]


def _headers(error: HTTPException) -> list[tuple[str, str]]:
    """Return the headers of `error`, with those of the rate limit if it was exceeded.

    Flask-Limiter can set them itself, but would do so for every response of a limited endpoint.
    """
    limit, rate_limit_headers = limiter.current_limit, []
    if isinstance(error, TooManyRequests) and limit is not None:
        error.retry_after = max(1, math.ceil(limit.reset_at - time.time()))  # sets Retry-After
        rate_limit_headers = [
            ("RateLimit-Limit", str(limit.limit.amount)),
            ("RateLimit-Remaining", "0"),
            ("RateLimit-Reset", str(error.retry_after)),
        ]
    headers = [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
    return headers + rate_limit_headers


def _description(error: HTTPException) -> Any:
    """Return the description that was passed to abort(), or None."""
    if isinstance(error, CSRFError):
        return gettext(
            "The form has expired, because it is old or because you have logged in or out since, "
            "or was not sent from this site."
        )
    if isinstance(error, InsecureRequest):
        return gettext(
            "It was sent over plain http, so others may have read it. Nothing was changed."
        )
    if error.code in DESCRIBED and error.description != type(error).description:
        return error.description
    return None
