"""The site, whose password checks wait until the file in the environment variable GATE exists."""

import hashlib
import os
import time
from pathlib import Path
from typing import Any

from app.security import password_hashing
from manage import app
from tests.support.servers import TIMEOUT

scrypt = hashlib.scrypt


def scrypt_behind_gate(*arguments: Any, **options: Any) -> bytes:
    """Hash a password once the gate is open."""
    while not Path(os.environ["GATE"]).exists():
        time.sleep(0.01)
    return scrypt(*arguments, **options)


hashlib.scrypt = scrypt_behind_gate
password_hashing.MAX_WAIT = TIMEOUT

__all__ = ["app"]
