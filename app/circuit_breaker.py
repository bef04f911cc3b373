"""A circuit breaker: skip calls to a server that has just failed."""

import time


class CircuitBreaker:
    """The state of one server as this process knows it.

    After a failure the circuit is open for `pause` seconds: callers skip the call instead of
    waiting for another timeout. `record_failure` and `record_success` return True when the state
    changes, so that an outage is logged once when it starts and once when it ends.
    """

    def __init__(self, pause: float) -> None:
        self.pause = pause
        self.has_failed = False
        self._retry_at = 0.0

    def is_open(self) -> bool:
        """Return True while the last failure is less than `pause` seconds old."""
        return self.has_failed and time.monotonic() < self._retry_at

    def record_failure(self) -> bool:
        """Record a failure; return True if the call before it succeeded."""
        is_first, self.has_failed = not self.has_failed, True
        self._retry_at = time.monotonic() + self.pause
        return is_first

    def record_success(self) -> bool:
        """Record a success; return True if the call before it failed."""
        had_failed, self.has_failed = self.has_failed, False
        return had_failed
