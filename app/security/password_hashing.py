"""Hash passwords, a bounded number at a time, and with a lower CPU priority than requests.

A hash occupies a CPU core for about 70 ms. Without a bound, some dozen logins at the same moment
would slow down all other requests, as they occupy every thread and share the CPU. With gunicorn,
requests with a password wait in a queue of `gunicorn_worker` before they get here.
"""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from threading import BoundedSemaphore, current_thread, get_native_id

from flask import current_app
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.security import check_password_hash, generate_password_hash

# In each process. Waiting occupies threads, so the second number must be less than WEB_THREADS.
MAX_RUNNING, MAX_RUNNING_OR_WAITING = 1, 3
MAX_WAIT, RETRY_AFTER = 5, 2  # seconds
NICENESS = 10
QUEUE_THREADS = "password-queue"  # how the names of these threads of gunicorn_worker begin


def lower_priority() -> None:
    """Lower the CPU priority of this thread, which is possible on Linux only."""
    if sys.platform == "linux":
        with suppress(OSError):
            niceness = os.getpriority(os.PRIO_PROCESS, 0) + NICENESS
            os.setpriority(os.PRIO_PROCESS, get_native_id(), niceness)


# Only the hash itself, which does not hold the interpreter lock, runs here: a thread with a low
# priority that holds it would stop all others.
hashing = ThreadPoolExecutor(MAX_RUNNING, "hashing", initializer=lower_priority)
running = BoundedSemaphore(MAX_RUNNING)
running_or_waiting = BoundedSemaphore(MAX_RUNNING_OR_WAITING)


def hash_password(password: str) -> str:
    """Return a salted hash, by the method in PASSWORD_HASH_METHOD."""
    method = current_app.config["PASSWORD_HASH_METHOD"]
    with hash_slot():
        return hashing.submit(generate_password_hash, password, method).result()


def check_password(password_hash: str, password: str) -> bool:
    """Return True if `password_hash` is a hash of `password`."""
    with hash_slot():
        return hashing.submit(check_password_hash, password_hash, password).result()


def dummy_password_check(password: str) -> None:
    """Take as long as a password check, so that timing does not reveal who has an account."""
    hash_password(password)


@contextmanager
def hash_slot() -> Iterator[None]:
    """Wait until a password can be hashed, in order of arrival; otherwise abort with 503.

    Requests in the queue of gunicorn's worker are limited there; others must not displace them.
    """
    is_queued = current_thread().name.startswith(QUEUE_THREADS)
    limit = nullcontext() if is_queued else _acquired(running_or_waiting, timeout=0)
    with limit, _acquired(running, timeout=MAX_WAIT):
        yield


@contextmanager
def _acquired(semaphore: BoundedSemaphore, timeout: float) -> Iterator[None]:
    if not semaphore.acquire(timeout=timeout):
        raise ServiceUnavailable(retry_after=RETRY_AFTER)
    try:
        yield
    finally:
        semaphore.release()
