"""Warnings about what takes too long: requests, and statements of the database."""

import logging
import time
from typing import Any

import click
from flask import Flask, current_app, g, has_app_context, has_request_context, request
from sqlalchemy import Engine, event

logger = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Watch the time that requests and statements take."""
    app.before_request(start_the_clock)
    app.teardown_request(judge_request)
    # Once is enough for all applications of a process.
    if not event.contains(Engine, "before_cursor_execute", note_start):
        event.listen(Engine, "before_cursor_execute", note_start)
        event.listen(Engine, "after_cursor_execute", judge_statement)
        event.listen(Engine, "handle_error", judge_failure)


def start_the_clock() -> None:
    """Note when the request began."""
    g.request_started = time.perf_counter()


def judge_request(_error: BaseException | None) -> None:
    """Warn of a request that took longer than FLASKY_SLOW_REQUEST_TIME."""
    started = g.pop("request_started", None)
    limit = current_app.config["FLASKY_SLOW_REQUEST_TIME"]
    if started is None or not limit:
        return
    duration = time.perf_counter() - started
    if duration >= limit:
        logger.warning(
            "Slow request: %s took %.3f s.",
            endpoint(),
            duration,
            extra={"duration_ms": round(duration * 1000, 1)},
        )


def note_start(
    _connection: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool
) -> None:
    """Note when a statement was sent."""
    if context is not None:
        context.flasky_started = time.perf_counter()


def judge_statement(
    _connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool
) -> None:
    """Warn of a statement that took longer than FLASKY_SLOW_DB_QUERY_TIME."""
    judge(statement, context)


def judge_failure(failure: Any) -> None:
    """Warn of a slow statement that failed, too: what the database gave up is the slowest."""
    if failure.statement is not None:
        judge(failure.statement, failure.execution_context)


def judge(statement: str, context: Any) -> None:
    """Warn of `statement`, with its placeholders and without its values, if it was slow.

    Whoever typed a command waits for it and sees what it does, a long migration above all.
    """
    if click.get_current_context(silent=True) is not None:
        return
    started = getattr(context, "flasky_started", None)
    limit = current_app.config["FLASKY_SLOW_DB_QUERY_TIME"] if has_app_context() else 0
    if started is None or not limit:
        return
    duration = time.perf_counter() - started
    if duration >= limit:
        text = " ".join(statement.split())
        logger.warning(
            "Slow statement: %.3f s in %s: %s",
            duration,
            endpoint(),
            text,
            extra={"duration_ms": round(duration * 1000, 1), "statement": text},
        )


def endpoint() -> str:
    """Return the name of the page that is being made."""
    if not has_request_context():
        return "no request"
    return request.endpoint or "no page of ours"
