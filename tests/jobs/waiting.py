"""Waiting for what happens in the background: never longer than needed, never for ever."""

import time
from collections.abc import Callable
from typing import cast

from flask import Flask

from app.jobs.background import Background

PATIENCE = 30  # seconds, on however busy a machine


def background(app: Flask) -> Background:
    """Return the part of `app` that does jobs in a thread of the process."""
    return cast("Background", app.extensions["background"])


def wait_for_jobs(app: Flask) -> None:
    """Return when everything that was handed to the thread is done: it works in order."""
    background(app).submit(bool).result(timeout=PATIENCE)


def wait_until(is_so: Callable[[], object], hope: str) -> None:
    """Return as soon as `is_so()`; fail with `hope` if it never is."""
    give_up = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < give_up, hope
        time.sleep(0.02)
