"""How often something may be said: each thing once in a while, and all together so many an hour.

A throttle counts for one process and is not locked: its caller lets one thread in at a time.
"""

from collections import deque
from collections.abc import Hashable
from typing import NamedTuple

HOUR = 3600.0  # seconds
MOST_KEYS = 1000  # so that errors that never repeat do not fill the memory


class Admission(NamedTuple):
    """Leave to say something, and what has to be said along with it."""

    repeated: int  # how often the same was turned away since it was last said
    held_back: int  # how much, of all kinds, the limit for an hour has kept back
    pause: float  # seconds until anything may be said again, if the hour's limit is now reached


class Throttle:
    """Lets each key through once in `interval` seconds, and `per_hour` of all keys in an hour."""

    def __init__(self, interval: float, per_hour: int) -> None:
        self.interval = interval
        self._said: deque[float] = deque(maxlen=per_hour)
        self._last: dict[Hashable, float] = {}
        self._repeated: dict[Hashable, int] = {}
        self._held_back = 0

    def admit(self, key: Hashable, now: float) -> Admission | None:
        """Return leave to say `key` at the time `now`, or None, and count it as turned away."""
        is_repetition = key in self._last and now - self._last[key] < self.interval
        is_too_much = self._pause(now) > 0
        if is_repetition or is_too_much:
            self._held_back += not is_repetition
            self._repeated[key] = self._repeated.get(key, 0) + 1
            _forget_oldest(self._repeated)
            return None
        self._said.append(now)
        self._last.pop(key, None)  # so that the order tells which was said last
        self._last[key] = now
        _forget_oldest(self._last)
        held_back, self._held_back = self._held_back, 0
        return Admission(self._repeated.pop(key, 0), held_back, self._pause(now))

    def _pause(self, now: float) -> float:
        """Return the seconds until the limit for an hour lets something through; 0 is at once."""
        if len(self._said) < (self._said.maxlen or 0):
            return 0.0
        return max(0.0, self._said[0] + HOUR - now)


def _forget_oldest(memory: dict[Hashable, float] | dict[Hashable, int]) -> None:
    if len(memory) > MOST_KEYS:
        del memory[next(iter(memory))]
