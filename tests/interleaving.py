"""Two requests of which one happens while the other is at work on a password."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest


@contextmanager
def while_hashing(action: Callable[[], object]) -> Iterator[None]:
    """Do `action` once, in another thread, when the next password is about to be hashed."""
    actions = [action]
    scrypt = hashlib.scrypt

    def hash_after_action(*arguments: Any, **options: Any) -> bytes:
        if actions:
            other = Thread(target=actions.pop())
            other.start()
            other.join()
        return scrypt(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashlib, "scrypt", hash_after_action)
        yield
    assert not actions, "No password was hashed."
