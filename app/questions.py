"""Asking what may never answer: a database, a queue.

Whoever asks waits for a while and no longer. The question goes on in a thread of its own; while it
does, it is not asked again, so that a hanging server is asked by one thread and not by hundreds.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, text

T = TypeVar("T")


class NoAnswer(Exception):
    """The question has not been answered in time."""


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What came of a question: a value, or the error that came instead."""

    seconds: float
    value: T | None = None
    error: Exception | None = None


class Asking(threading.Thread, Generic[T]):
    """One time that a question is asked. A thread that hangs does not keep the process alive."""

    def __init__(self, ask: Callable[[], T], seconds: float) -> None:
        super().__init__(name="question", daemon=True)
        self.ask = ask
        self.seconds = seconds
        self.began = time.monotonic()
        self._answer: Answer[T] | None = None

    def run(self) -> None:
        """Ask, in the thread."""
        try:
            value = self.ask()
        except Exception as error:  # noqa: BLE001 - whoever asked is told of it, in words
            self._answer = Answer(self._passed(), error=error)
        else:
            self._answer = Answer(self._passed(), value)

    def answer(self) -> Answer[T]:
        """Return the answer, at the latest when `seconds` have passed since it was asked."""
        self.join(max(0.0, self.seconds - self._passed()))
        late = NoAnswer(f"no answer within {self.seconds:g} s, and none yet")
        return self._answer or Answer(self._passed(), error=late)

    def _passed(self) -> float:
        return time.monotonic() - self.began


class Question(Generic[T]):
    """`ask`, which is given `seconds`."""

    def __init__(self, ask: Callable[[], T], seconds: float) -> None:
        self.ask = ask
        self.seconds = seconds
        self._lock = threading.Lock()
        self._asking: Asking[T] | None = None

    def begin(self) -> Asking[T]:
        """Ask, unless the last time is still waiting for its answer; return that."""
        with self._lock:
            if self._asking is None or not self._asking.is_alive():
                self._asking = Asking(self.ask, self.seconds)
                self._asking.start()
            return self._asking


def engine_for(url: URL, seconds: float) -> Engine:
    """Return connections of their own to the database `url`: a full pool keeps nobody from asking.

    Nothing is connected before something is asked, and nothing stays connected after it.
    """
    patience = {"connect_timeout": max(2, math.ceil(seconds))}  # less than 2 s libpq does not do
    options = patience if url.get_backend_name() == "postgresql" else {"timeout": seconds}
    return create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=options)


def bound_statements(connection: Connection, seconds: float) -> None:
    """Let PostgreSQL itself end what takes longer than `seconds` in this transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL statement_timeout = {math.ceil(seconds * 1000)}"))
