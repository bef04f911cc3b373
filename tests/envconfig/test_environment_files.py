"""NAME_FILE names a file with the value of NAME, for secrets in containers."""

import os
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest

from envconfig.environment import MAX_FILE_SIZE, Environment


def read(**variables: object) -> tuple[str | None, dict[str, str]]:
    """Return the value of KEY, and the errors."""
    texts = {name: str(value) for name, value in variables.items()}
    with patch.dict(os.environ, texts, clear=True):
        env = Environment()
        return env.text("KEY", "default"), env.errors


def test_file_has_the_value(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(" a long secret\n")

    assert read(KEY_FILE=tmp_path / "key") == ("a long secret", {})


def test_file_and_variable_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("one")

    _value, errors = read(KEY="another", KEY_FILE=tmp_path / "key")

    assert errors == {"KEY": "KEY and KEY_FILE are both set: keep one of them."}


INVALID: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: path.exists(), "No such file"),
    "empty": (lambda path: path.write_text(" \n"), "empty"),
    "large": (lambda path: path.write_text("x" * (MAX_FILE_SIZE + 1)), "larger than 64 KiB"),
    "folder": (Path.mkdir, "use the absolute path of a regular file"),
    "pipe": (os.mkfifo, "use the absolute path of a regular file"),
    "binary": (lambda path: path.write_bytes(b"\xff\xfe"), "UTF-8"),
}


@pytest.mark.parametrize(("make", "reason"), INVALID.values(), ids=INVALID)
def test_invalid_file_is_an_error_without_its_name(
    tmp_path: Path, make: Callable[[Path], object], reason: str
) -> None:
    path = tmp_path / "hunter2"
    make(path)

    value, errors = read(KEY_FILE=path)

    [error] = errors.values()
    assert value == "default"
    assert error.startswith("KEY_FILE names a file that")
    assert reason in error
    assert "hunter2" not in error


def test_largest_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("x" * MAX_FILE_SIZE)

    value, errors = read(KEY_FILE=tmp_path / "key")

    assert (len(value or ""), errors) == (MAX_FILE_SIZE, {})


def test_relative_path_is_an_error() -> None:
    _value, errors = read(KEY_FILE="key")

    assert "use the absolute path of a regular file" in errors["KEY"]
