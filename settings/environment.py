"""Reading the environment: every value is looked at once, and nothing fails before it is used."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from stat import S_ISREG
from typing import TypeVar

T = TypeVar("T")

LARGEST_FILE = 64 * 1024  # bytes; a file that is larger was not meant for one variable

_variables: ContextVar[Mapping[str, str]] = ContextVar("_variables", default=os.environ)


@contextmanager
def reading(variables: Mapping[str, str]) -> Iterator[None]:
    """Read `variables` instead of the environment meanwhile."""
    token = _variables.set(variables)
    try:
        yield
    finally:
        _variables.reset(token)


class Environment:
    """The environment variables, and what could not be read of them.

    `names` holds every variable that was asked for, `given` the values of those that are set,
    `unreadable` one sentence for each variable that could not be read; the default then stands in,
    and config.py reports the sentence.

    For any variable, NAME_FILE may name a file that holds its value: containers get secrets so.
    No other file is read.
    """

    def __init__(self) -> None:
        # FLASK_CONFIG and DYNO choose the class, whether or not anything asks for them first.
        self.names = {"FLASK_CONFIG", "DYNO"}
        self.given: dict[str, object] = {}
        self.unreadable: dict[str, str] = {}

    def text(self, name: str, default: str | None = None) -> str | None:
        """Return the variable `name`, else what its file says; an empty one counts as not set."""
        self.names.add(name)
        value = _variables.get().get(name, "").strip()
        path = _variables.get().get(file_variable(name), "").strip()
        if value and path:
            self.unreadable[name] = f"{name} and {name}_FILE are both set: keep one of them."
        elif path:
            value = self._content(file_variable(name), path)
        return self._read(name, value) if value else default

    def number(self, name: str, default: int, minimum: int = 1, maximum: int = 1_000_000) -> int:
        """Return the variable `name` as a whole number from `minimum` to `maximum`."""
        value = self.text(name)
        if value is None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", value) or not minimum <= int(value) <= maximum:
            self.unreadable[name] = (
                f"{name} is {value!r}: write a whole number from {minimum} to {maximum}, "
                f"such as {default}."
            )
            return default
        return self._read(name, int(value))

    def seconds(self, name: str, default: float, maximum: int = 86_400) -> float:
        """Return the variable `name` as a number of seconds; fractions are welcome, 0 is off."""
        value = self.text(name)
        if value is None:
            return default
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", value) or float(value) > maximum:
            self.unreadable[name] = (
                f"{name} is {value!r}: write seconds from 0 to {maximum}, such as {default}."
            )
            return default
        return self._read(name, float(value))

    def flag(self, name: str, default: bool = False) -> bool:
        """Return the variable `name` as a switch: 1/0, true/false, yes/no, on/off."""
        value = self.text(name)
        if value is None:
            return default
        if value.lower() in {"1", "true", "yes", "on"}:
            return self._read(name, True)
        if value.lower() not in {"0", "false", "no", "off"}:
            self.unreadable[name] = f"{name} is {value!r}: write true or false."
            return default
        return self._read(name, False)

    def one_of(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """Return the variable `name`, which is one of `choices`, whatever its case."""
        value = self.text(name)
        if value is None:
            return default
        matching = [choice for choice in choices if choice.lower() == value.lower()]
        if not matching:
            known = ", ".join(choices)
            self.unreadable[name] = f"{name} is {value!r}: choose one of {known}."
            return default
        return self._read(name, matching[0])

    def words(self, name: str) -> list[str]:
        """Return the variable `name` as a list: values separated by white space."""
        value = self.text(name)
        return self._read(name, value.split()) if value else []

    def address(self, name: str) -> str:
        """Return the variable `name` as a URL that paths can be appended to.

        HTTPS:// means https://, and cookies must not be sent in the clear for it.
        """
        scheme, colon, rest = (self.text(name) or "").partition(":")
        value = f"{scheme.lower()}{colon}{rest}".rstrip("/")
        return self._read(name, value) if value else ""

    def database(self, name: str, default: str | None = None) -> str | None:
        """Return a database URL in the form that SQLAlchemy needs to pick the psycopg2 driver.

        Platforms hand out `postgres://`, which SQLAlchemy refuses; and SQLAlchemy 2.1 reads a
        plain `postgresql://` as psycopg 3, which is not installed.
        """
        url = self.text(name)
        if url is None:
            return default
        return self._read(name, re.sub(r"^postgres(ql)?://", "postgresql+psycopg2://", url))

    def _content(self, name: str, path: str) -> str:
        """Return what the file at `path` says, which the variable `name` names."""
        try:
            value = _text_of(path)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            # Not the path: somebody may have written the secret itself there.
            self.unreadable[name] = f"{name} names a file that cannot be read: {reason}."
            return ""
        if not value:
            self.unreadable[name] = f"{name} names a file that is empty."
        return value

    def _read(self, name: str, value: T) -> T:
        """Remember and return what the variable `name` was read as."""
        self.given[name] = value
        return value


def file_variable(name: str) -> str:
    """Return the variable that may name a file with the value of the variable `name`."""
    return f"{name}_FILE"


def _text_of(path: str) -> str:
    """Return the text in the file at `path`, without white space around it."""
    if not path.startswith("/"):
        raise ValueError("write its whole path, such as /run/secrets/secret_key")
    file = Path(path)
    if not S_ISREG(file.stat().st_mode):  # a pipe can be read only once, if it ever ends
        raise ValueError("it is no regular file")
    if file.stat().st_size > LARGEST_FILE:
        raise ValueError(f"it is larger than {LARGEST_FILE // 1024} KiB")
    try:
        return file.read_text("utf-8").strip()
    except UnicodeDecodeError:
        raise ValueError("it holds something else than text in UTF-8") from None
