"""The names of jobs: what a queue carries and a table keeps, since neither can hold a function."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

Function = Callable[..., object]
F = TypeVar("F", bound=Function)


class UnknownJob(LookupError):
    """There is no job of this name: another release may know it."""


@dataclass(frozen=True)
class Job:
    """A function and its name.

    Of a job that is `swept`, the sweep finds by itself what is left to do: nobody has to remember
    that it failed, or could not be handed over.
    """

    name: str
    function: Function
    swept: bool


_jobs: dict[str, Job] = {}


def job(*, swept: bool = False) -> Callable[[F], F]:
    """Make a function a job that a queue can carry: `@job()`. Its name must be unique."""

    def register(function: F) -> F:
        name = function.__name__
        if name in _jobs:
            raise ValueError(f"Two jobs are called {name}: rename one.")
        _jobs[name] = Job(name, function, swept)
        return function

    return register


def find(name: str) -> Job:
    """Return the job called `name`, or raise UnknownJob."""
    if name not in _jobs:
        raise UnknownJob(f"No job is called {name!r} in this release.")
    return _jobs[name]


def registered(function: Function) -> Job | None:
    """Return the job that `function` is, if it is one."""
    found = _jobs.get(getattr(function, "__name__", ""))
    return found if found is not None and found.function is function else None


def check_arguments(name: str, arguments: Sequence[Any]) -> None:
    """Raise TypeError unless `arguments` can be written down: a job takes ids."""
    try:
        json.dumps(arguments)
    except (TypeError, ValueError) as error:
        raise TypeError(f"The job {name} takes ids, numbers and texts: {error}") from None
