"""Count rate limit hits in memory."""

from threading import RLock
from typing import Any

from limits.storage import MemoryStorage


class LockedMemoryStorage(MemoryStorage):
    """The storage for `memory://`, for threads that hit the same limit at the same moment.

    Without the lock, limits 5.8 loses hits, so that clients exceed their limits, and can start
    its timer twice: "threads can only be started once".
    """

    STORAGE_SCHEME = ["memory"]  # noqa: RUF012 - as in Storage

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.lock = RLock()
        super().__init__(*arguments, **options)

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        with self.lock:
            return super().incr(key, expiry, amount)

    def get(self, key: str) -> int:
        with self.lock:
            return super().get(key)

    def _MemoryStorage__expire_events(self) -> None:  # noqa: N802 - called by the timer
        with self.lock:
            super()._MemoryStorage__expire_events()  # type: ignore[misc]  # private
