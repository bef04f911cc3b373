"""The registered jobs by name: a row can hold a name, but no function."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])

HIGH, NORMAL, LOW = 0, 1, 2  # priorities

_jobs: dict[str, "RegisteredJob"] = {}


@dataclass(frozen=True)
class RegisteredJob:
    """A function, and how to run it; see `job()`."""

    name: str
    function: Callable[..., object]
    priority: int
    max_attempts: int
    every: timedelta | None
    is_ready: Callable[[], bool]


def job(
    priority: int = NORMAL,
    max_attempts: int = 6,
    every: timedelta | None = None,
    is_ready: Callable[[], bool] = lambda: True,
) -> Callable[[F], F]:
    """Register a function as a job: `@job()`. Raise ValueError if its name is taken.

    Args:
        priority: jobs of lower priority wait while ones of higher priority are due.
        max_attempts: after so many failures in succession, the job is discarded.
        every: also run the job, without arguments, each time this period has passed.
        is_ready: while it returns False, this process starts no such job.
    """

    def register(function: F) -> F:
        name = function.__name__
        if name in _jobs:
            raise ValueError(f"Two jobs are called {name}: rename one.")
        _jobs[name] = RegisteredJob(name, function, priority, max_attempts, every, is_ready)
        return function

    return register


def registered_jobs() -> list[RegisteredJob]:
    """Return all jobs, those of the highest priority first."""
    return sorted(_jobs.values(), key=lambda job: job.priority)


def job_of(function: Callable[..., object]) -> RegisteredJob:
    """Return the job that `function` is registered as; raise TypeError if it is none."""
    job = _jobs.get(getattr(function, "__name__", ""))
    if job is None or job.function != function:
        raise TypeError(f"{function!r} is not a registered job: decorate it with @job().")
    return job
