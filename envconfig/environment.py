"""Read environment variables. Invalid values are collected, not raised."""

import os
import re
from pathlib import Path
from stat import S_ISREG
from typing import TypeVar

from envconfig import rules
from envconfig.rules import Rule

T = TypeVar("T")

MAX_FILE_SIZE = 64 * 1024  # bytes
SECRET = re.compile("KEY|TOKEN$|PASSWORD$|URL$|DSN$")  # names of variables that can have secrets


class Environment:
    """The environment variables that config.py reads.

    `names` has every variable that was read, `values` the parsed value of each that is set,
    `files` the path of each that was read from a file, and `errors` one sentence for each invalid
    one, for which the default is used.

    For any variable, NAME_FILE can name a file with its value, for secrets in containers.
    """

    def __init__(self) -> None:
        self.names = {"FLASK_CONFIG"}  # get_config() reads it, after all others
        self.values: dict[str, object] = {}
        self.files: dict[str, str] = {}
        self.errors: dict[str, str] = {}

    def text(self, name: str, default: str | None = None, rule: Rule = rules.TEXT) -> str | None:
        """Return the variable `name`."""
        return self._read(name, default, rule)

    def strings(self, name: str, rule: Rule) -> list[str]:
        """Return the variable `name` as a list."""
        return self._read(name, list[str](), rule)

    def flag(self, name: str, default: bool = False) -> bool:
        """Return the variable `name` as a boolean: 1/0, true/false, yes/no, on/off."""
        return self._read(name, default, rules.FLAG)

    def number(self, name: str, default: int, minimum: int = 1, maximum: int = 1_000_000) -> int:
        """Return the variable `name` as a whole number from `minimum` to `maximum`."""
        hint = f"use a whole number from {minimum} to {maximum}, such as {default}"
        rule = Rule(hint, r"[0-9]{1,9}", lambda text: _within(minimum, maximum, int(text)))
        return self._read(name, default, rule)

    def seconds(self, name: str, default: float, maximum: int = 86_400) -> float:
        """Return the variable `name` as seconds, with fractions; 0 usually means off."""
        hint = f"use seconds from 0 to {maximum}, such as {default}"
        pattern = r"[0-9]{1,6}(\.[0-9]{1,6})?"
        rule = Rule(hint, pattern, lambda text: _within(0, maximum, float(text)))
        return self._read(name, default, rule)

    def _read(self, name: str, default: T, rule: Rule) -> T:
        """Return the variable `name`, or `default` if it is not set, empty or invalid."""
        text = self._text(name)
        if not text:
            return default
        try:
            text.encode()  # raises UnicodeEncodeError for bytes that are not UTF-8
            value: T = rule.read(text)
        except ValueError:
            what = "invalid" if SECRET.search(name) else repr(text)
            self.errors[name] = f"{name} is {what}: {rule.hint}."
            return default
        self.values[name] = value
        return value

    def _text(self, name: str) -> str:
        """Return the text of the variable `name`, or of the file that NAME_FILE names."""
        self.names.add(name)
        text = os.environ.get(name, "").strip()
        path = os.environ.get(f"{name}_FILE", "").strip()
        if text and path:
            self.errors[name] = f"{name} and {name}_FILE are both set: keep one of them."
        elif path:
            self.files[name] = path
            try:
                return _read_file(Path(path))
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else error
                # Without the path: it may be the secret itself, set by mistake.
                self.errors[name] = f"{name}_FILE names a file that cannot be read: {reason}."
        return text


def is_served_by_gunicorn() -> bool:
    """Return True in a gunicorn worker: gunicorn sets SERVER_SOFTWARE."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn")


def _read_file(path: Path) -> str:
    """Return the stripped content of a file; raise OSError or ValueError."""
    if not path.is_absolute() or not S_ISREG(path.stat().st_mode):  # reading a pipe could block
        raise ValueError("use the absolute path of a regular file")
    if path.stat().st_size > MAX_FILE_SIZE:
        raise ValueError(f"it is larger than {MAX_FILE_SIZE // 1024} KiB")
    text = path.read_bytes().decode("utf-8", "replace").strip()
    if not text or "\ufffd" in text:
        raise ValueError("it is empty or not UTF-8 text")
    return text


def _within(minimum: float, maximum: float, number: float) -> float:
    """Return `number`; raise ValueError if it is out of bounds."""
    if not minimum <= number <= maximum:
        raise ValueError(number)
    return number
