"""The site with a page that waits for the database: /slow-query/2.0 waits two seconds."""

from flask import Response
from sqlalchemy import text

from app import db
from app.security.cache_control import no_store
from manage import app


@app.get("/slow-query/<float:seconds>")
def slow_query(seconds: float) -> Response:
    """Respond after a query that takes `seconds`; the response is not cached."""
    db.session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})
    return no_store(Response("done"))


__all__ = ["app"]
