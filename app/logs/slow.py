"""Log warnings about slow database statements. The access log warns about slow requests."""

import logging
import time
from typing import Any

import click
from flask import current_app, has_app_context, has_request_context, request
from sqlalchemy import Engine, event

logger = logging.getLogger(__name__)


def init_app() -> None:
    """Measure the statements of all engines in this process, also those that fail."""
    if not event.contains(Engine, "handle_error", check_failed_statement):
        event.listen(Engine, "before_cursor_execute", start_timer, named=True)
        event.listen(Engine, "after_cursor_execute", check_statement, named=True)
        event.listen(Engine, "handle_error", check_failed_statement)


def start_timer(context: Any, **_arguments: Any) -> None:
    """Store the start time of a statement in its execution context."""
    if context is not None:
        context.flasky_started = time.perf_counter()


def check_failed_statement(error: Any) -> None:
    """Check the duration of a statement that failed, for example by a timeout."""
    check_statement(error.statement, error.execution_context)


def check_statement(statement: str, context: Any, **_arguments: Any) -> None:
    """Log a warning if a statement took FLASKY_SLOW_DB_QUERY_TIME seconds or longer.

    The warning has placeholders, not values. Statements of `flask` commands are not logged: their
    users see how long they take.
    """
    started = getattr(context, "flasky_started", None)
    limit = current_app.config["FLASKY_SLOW_DB_QUERY_TIME"] if has_app_context() else 0
    if started is None or not limit or click.get_current_context(silent=True) is not None:
        return
    duration = time.perf_counter() - started
    if duration >= limit:
        endpoint = request.endpoint if has_request_context() else "no request"
        text = " ".join(statement.split())
        logger.warning(
            "Slow statement: %.3f s in %s: %s",
            duration,
            endpoint,
            text,
            extra={"duration_ms": round(duration * 1000, 1), "statement": text},
        )
