"""Password rules: the length, and a list of common passwords that are rejected."""

from functools import cache
from pathlib import Path

MIN_LENGTH, MAX_LENGTH = 8, 1024
COMMON_PASSWORDS = Path(__file__).with_name("common_passwords.txt")


def is_common(password: str) -> bool:
    """Return True if `password`, in any case, is in the list of common passwords."""
    return password.lower() in _common_passwords()


@cache
def _common_passwords() -> frozenset[str]:
    lines = COMMON_PASSWORDS.read_text("utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
