"""Run one request in the middle of another."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import BoundedSemaphore, Thread
from typing import Any

import pytest

from app.security import password_hashing


@contextmanager
def while_hashing(action: Callable[[], object]) -> Iterator[None]:
    """Run `action` once, in another thread, just before the next password is hashed."""
    actions = [action]
    scrypt = hashlib.scrypt

    def hash_after_action(*arguments: Any, **options: Any) -> bytes:
        if actions:
            thread = Thread(target=actions.pop())
            thread.start()
            thread.join()
        return scrypt(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashlib, "scrypt", hash_after_action)
        # `action` may hash, too.
        patch.setattr(password_hashing, "running", BoundedSemaphore(2))
        patch.setattr(password_hashing, "hashing", ThreadPoolExecutor(2))
        yield
    assert not actions, "No password was hashed."
