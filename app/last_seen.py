"""Update `last_seen` and the last use of the login session or API token after the response."""

from flask import Flask, Response, current_app, g
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm.exc import ObjectDeletedError

from .database.errors import classify, summary
from .devices import current_network
from .extensions import db


def init_app(app: Flask) -> None:
    """Update `last_seen` after every request."""
    app.after_request(update_last_seen)


def update_last_seen(response: Response) -> Response:
    """Update `last_seen`, at most once a minute for each login session or token.

    Anything that the view has not committed is rolled back. Requests that have not loaded the
    user, such as those for static files, do not load it here either.
    """
    credential = g.get("credential")  # detached: a commit of the view has not expired it
    if response.status_code >= 500 or not credential or not credential.last_used_is_stale():
        return response  # without a statement, for most requests
    db.session.rollback()
    try:
        credential.record_use(current_network())
        current_user.ping()
        db.session.commit()
    except SQLAlchemyError as error:
        # The response is ready. A database that cannot write, say on a full disk, still reads. The
        # user may have been deleted during the request.
        if classify(error) is None and not isinstance(error, ObjectDeletedError):
            raise
        db.session.rollback()
        current_app.logger.warning("last_seen was not updated: %s", summary(error))
    return response
