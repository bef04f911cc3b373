"""What a password must be like: long enough, and not one that everybody thinks of."""

from functools import cache
from pathlib import Path

MIN_LENGTH, MAX_LENGTH = 8, 1024
COMMON = Path(__file__).with_name("common_passwords.txt")


def is_common(password: str) -> bool:
    """Tell whether `password` is among those that attackers try first, in whatever case."""
    return password.lower() in _common_passwords()


@cache
def _common_passwords() -> frozenset[str]:
    lines = COMMON.read_text("utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
