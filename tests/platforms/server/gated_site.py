"""The site, whose password checks wait until the file in the environment variable GATE exists."""

import os
import time
from pathlib import Path

from app.security import password_hashing
from manage import app
from tests.support.servers import TIMEOUT

check = password_hashing.check_password_hash


def check_behind_gate(password_hash: str, password: str) -> bool:
    """Check a password once the gate is open."""
    while not Path(os.environ["GATE"]).exists():
        time.sleep(0.01)
    return check(password_hash, password)


password_hashing.check_password_hash = check_behind_gate
password_hashing.MAX_WAIT = TIMEOUT

__all__ = ["app"]
