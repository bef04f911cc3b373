"""Count rate limit hits in memory. docs/decisions/rate-limits.md says why limits' own does not."""

import time
from threading import Lock
from typing import Any

from limits.storage import Storage

MIN_SWEEP = 1000  # keys


class MemoryStorage(Storage):
    """The storage for `memory://`, safe for threads that hit a limit at the same moment."""

    STORAGE_SCHEME = ["memory"]  # noqa: RUF012 - as in Storage
    base_exceptions = ValueError

    def __init__(self, uri: str | None = None, **options: Any) -> None:
        super().__init__(uri, **options)
        self._lock = Lock()
        self.reset()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.time()
        with self._lock:
            hits, expires_at = self._hits.get(key, (0, 0.0))
            if expires_at <= now:
                hits, expires_at = 0, now + expiry
            self._hits[key] = hits + amount, expires_at
            if len(self._hits) >= self._sweep_at:
                self._sweep(now)
        return hits + amount

    def get(self, key: str) -> int:
        hits, expires_at = self._hits.get(key, (0, 0.0))
        return hits if expires_at > time.time() else 0

    def get_expiry(self, key: str) -> float:
        return self._hits.get(key, (0, time.time()))[1]

    def clear(self, key: str) -> None:
        with self._lock:
            self._hits.pop(key, None)

    def reset(self) -> int | None:
        self._hits: dict[str, tuple[int, float]] = {}  # hits, and the time when they expire
        self._sweep_at = MIN_SWEEP
        return None

    def check(self) -> bool:
        return True

    def _sweep(self, now: float) -> None:
        """Delete expired hits. The next time is when as many keys have been added as there are."""
        self._hits = {key: hit for key, hit in self._hits.items() if hit[1] > now}
        self._sweep_at = max(MIN_SWEEP, 2 * len(self._hits))
