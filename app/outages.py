"""Remembering that a server does not answer, so that not everybody waits to find it out."""

import time


class Outage:
    """What this process knows about one server: whether asking it is worth the wait.

    After a failure it is left alone for `pause` seconds. `begin` and `end` tell whether that is
    news, so that an outage is two lines in the log, however many attempts it costs.
    """

    def __init__(self, pause: float) -> None:
        self.pause = pause
        self._is_on = False
        self._again_at = 0.0

    def forbids(self) -> bool:
        """Tell whether the last failure is too recent to try again."""
        return self._is_on and time.monotonic() < self._again_at

    def begin(self) -> bool:
        """Note a failure; tell whether it is the first since all was well."""
        is_new, self._is_on = not self._is_on, True
        self._again_at = time.monotonic() + self.pause
        return is_new

    def end(self) -> bool:
        """Note that all is well; tell whether it was not."""
        was_on, self._is_on = self._is_on, False
        return was_on
