"""What tests of background work share."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.jobs.waiting import background


@pytest.fixture
def threaded(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a thread do the jobs, as it does in production without a queue."""
    monkeypatch.setitem(app.config, "JOBS_INLINE", False)
    yield
    background(app).stop()


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield
