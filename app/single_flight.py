"""Run a function that may block for ever in a thread, at most one at a time, with a timeout.

Health checks and metrics query the database this way: if it hangs, one thread waits for it,
however many requests ask. docs/decisions/health-checks.md explains why client timeouts are not
enough.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Calls `function` with a timeout in seconds; concurrent callers share one call."""

    def __init__(self, function: Callable[[], T], timeout: float) -> None:
        self.function = function
        self.timeout = timeout
        self._lock = threading.Lock()
        self._call: Future[T] | None = None
        self._deadline = 0.0

    def result(self) -> T:
        """Return the result; raise what the function raised, or TimeoutError."""
        with self._lock:
            if self._call is None or self._call.done():
                self._call, self._deadline = Future(), time.monotonic() + self.timeout
                # A daemon thread does not keep the process alive; an executor's would.
                threading.Thread(target=self._run, args=[self._call], daemon=True).start()
            call, deadline = self._call, self._deadline
        wait([call], max(0.0, deadline - time.monotonic()))
        if not call.done():
            raise TimeoutError(f"no answer within {self.timeout:g} s")
        return call.result()

    def _run(self, call: Future[T]) -> None:
        try:
            call.set_result(self.function())
        except BaseException as error:  # noqa: BLE001 - raised by result()
            call.set_exception(error)
