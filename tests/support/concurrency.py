"""Run several requests at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BoundedSemaphore
from typing import Any, TypeVar

import pytest

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
