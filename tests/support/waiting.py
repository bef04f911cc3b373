"""Wait for background work, with a timeout."""

import time
from collections.abc import Callable

TIMEOUT = 30  # seconds, enough for a busy machine


def wait_until(condition: Callable[[], object], message: str) -> None:
    """Wait until `condition()` is true; fail with `message` after TIMEOUT."""
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, message
        time.sleep(0.02)
