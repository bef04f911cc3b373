"""The site, whose password checks wait until the file in the environment variable GATE exists."""

import os
import time
from pathlib import Path

from werkzeug.security import check_password_hash

from app.security import password_hashing
from manage import app
from tests.support.servers import TIMEOUT


def check_behind_gate(pwhash: str, password: str) -> bool:
    """Check a password once the gate is open."""
    while not Path(os.environ["GATE"]).exists():
        time.sleep(0.01)
    return check_password_hash(pwhash, password)


vars(password_hashing)["check_password_hash"] = check_behind_gate
password_hashing.MAX_WAIT = TIMEOUT

__all__ = ["app"]
