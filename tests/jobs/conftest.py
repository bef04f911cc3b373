"""Fixtures for the tests of background jobs."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from app.jobs import registry
from app.jobs.runner import Runner


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def runner_of_site(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runner]:
    """The runner of the site, which runs jobs in threads, as in production."""
    monkeypatch.setitem(app.config, "JOBS_EAGER", False)
    runner: Runner = app.extensions["job_runner"]
    yield runner
    runner.stop()


class Export:
    """A job called `export`, which fails until `is_broken` is cleared."""

    def __init__(self) -> None:
        self.is_broken = True
        self.done: list[str] = []

    def __call__(self, name: str) -> None:
        if self.is_broken:
            raise RuntimeError(f"cannot export {name} to /auth/reset/s3cr3t-t0ken")
        self.done.append(name)

    __name__ = "export"


@pytest.fixture
def export(monkeypatch: pytest.MonkeyPatch) -> Export:
    export = Export()
    register_job(monkeypatch, "export", export)
    return export


def register_job(
    monkeypatch: pytest.MonkeyPatch, name: str, function: Callable[..., object], **options: Any
) -> None:
    """Register a job until the test ends."""
    values = {"priority": 1, "max_attempts": 6, "every": None, "is_ready": lambda: True}
    registered = registry.RegisteredJob(name, function, **(values | options))
    monkeypatch.setitem(registry._jobs, name, registered)
