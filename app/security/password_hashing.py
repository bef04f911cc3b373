"""Hash passwords, a bounded number at a time.

A hash occupies a CPU core for about 70 ms. Without a bound, some dozen logins at the same moment
would slow down all other requests, as they occupy every thread and share the CPU.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from flask import current_app
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.security import check_password_hash, generate_password_hash

# In each process. Waiting occupies threads, so the second number must be less than WEB_THREADS.
MAX_RUNNING, MAX_RUNNING_OR_WAITING = 1, 3
MAX_WAIT, RETRY_AFTER = 2, 2  # seconds

running = BoundedSemaphore(MAX_RUNNING)
running_or_waiting = BoundedSemaphore(MAX_RUNNING_OR_WAITING)


def hash_password(password: str) -> str:
    """Return a salted hash, by the method in PASSWORD_HASH_METHOD."""
    with hash_slot():
        return generate_password_hash(password, current_app.config["PASSWORD_HASH_METHOD"])


def check_password(password_hash: str, password: str) -> bool:
    """Return True if `password_hash` is a hash of `password`."""
    with hash_slot():
        return check_password_hash(password_hash, password)


def dummy_password_check(password: str) -> None:
    """Take as long as a password check, so that timing does not reveal who has an account."""
    hash_password(password)


@contextmanager
def hash_slot() -> Iterator[None]:
    """Wait until a password can be hashed, in order of arrival; otherwise abort with 503."""
    with _acquired(running_or_waiting, timeout=0), _acquired(running, timeout=MAX_WAIT):
        yield


@contextmanager
def _acquired(semaphore: BoundedSemaphore, timeout: float) -> Iterator[None]:
    if not semaphore.acquire(timeout=timeout):
        raise ServiceUnavailable(retry_after=RETRY_AFTER)
    try:
        yield
    finally:
        semaphore.release()
