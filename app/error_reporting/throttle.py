"""Limit error emails: each kind of error once per interval, and all of them per hour."""

import math
import time
from collections import Counter
from collections.abc import Iterator

from limits import RateLimitItemPerHour, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter


class Throttle:
    """The limits of one process. Calls must be serialized."""

    def __init__(self, interval: int, per_hour: int) -> None:
        self.limiter = MovingWindowRateLimiter(MemoryStorage())
        self.per_key = RateLimitItemPerSecond(1, interval)
        self.per_hour = RateLimitItemPerHour(per_hour)
        self.suppressed: Counter[str] = Counter()

    def admit(self, key: str) -> list[str] | None:
        """Return notes for an email about the error `key`, or None if none may be sent."""
        if self.limiter.test(self.per_key, key) and self.limiter.hit(self.per_hour):
            self.limiter.hit(self.per_key, key)
            return list(self._notes(self.suppressed.pop(key, 0)))
        self.suppressed[key] += 1
        return None

    def _notes(self, suppressed: int) -> Iterator[str]:
        if suppressed:
            yield f"Occurrences since the last email about this error: {suppressed}."
        hour = self.limiter.get_window_stats(self.per_hour)
        if not hour.remaining:
            yield (
                "ERROR_EMAILS_PER_HOUR is reached: this process sends no error email for "
                f"{math.ceil((hour.reset_time - time.time()) / 60)} minutes. See the log."
            )
