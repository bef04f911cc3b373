"""Run several requests at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BoundedSemaphore, Thread
from typing import Any, TypeVar

import pytest
from flask import Flask
from sqlalchemy import text

from app.extensions import db
from app.security import password_hashing
from tests.support.http_client import Page, SiteClient

Result = TypeVar("Result")


def run_concurrently(*actions: Callable[[], Result]) -> list[Result]:
    """Start all `actions` at the same moment, each in a thread; return their results.

    All of them may hash a password.
    """
    barrier = Barrier(len(actions))

    def start(action: Callable[[], Result]) -> Result:
        barrier.wait(timeout=30)
        return action()

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(len(actions)) as executor:
        patch.setattr(password_hashing, "running_or_waiting", BoundedSemaphore(len(actions)))
        return list(executor.map(start, actions))


def prepared_submission(
    client: SiteClient, path: str, fields: dict[str, Any], action: str | None = None
) -> Callable[[], Page]:
    """Open `path` now; return a function that submits its form."""
    page = client.open(path)
    return lambda: client.send(page, fields, action)


def wait_for_lock(app: Flask, thread: Thread) -> None:
    """Return when `thread` waits for a lock. SQLite does not show that; its writes just wait."""
    with app.app_context(), db.engine.connect() as connection:
        while thread.is_alive() and db.engine.dialect.name == "postgresql":
            if connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                return
