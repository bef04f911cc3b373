"""NAME_FILE names a file that holds the value of NAME: so secrets stay out of the environment."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from settings.environment import LARGEST_FILE, Environment, reading


def read(**variables: object) -> tuple[str | None, dict[str, str]]:
    """Return what KEY is read as, and what could not be read."""
    with reading({name: str(value) for name, value in variables.items()}):
        env = Environment()
        return env.text("KEY", "default"), env.unreadable


def test_file_holds_the_value(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(" a long secret\n")

    assert read(KEY_FILE=tmp_path / "key") == ("a long secret", {})


def test_file_and_variable_together_are_told(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("one")

    _value, told = read(KEY="another", KEY_FILE=tmp_path / "key")

    assert told == {"KEY": "KEY and KEY_FILE are both set: keep one of them."}


def empty(path: Path) -> None:
    path.write_text(" \n")


def large(path: Path) -> None:
    path.write_text("x" * (LARGEST_FILE + 1))


def binary(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: path.exists(), "No such file"),
    "empty": (empty, "empty"),
    "large": (large, "larger than 64 KiB"),
    "folder": (Path.mkdir, "no regular file"),
    "pipe": (os.mkfifo, "no regular file"),
    "binary": (binary, "UTF-8"),
}


@pytest.mark.parametrize(("make", "reason"), BAD.values(), ids=BAD)
def test_file_that_cannot_be_read_is_told_without_its_name(
    tmp_path: Path, make: Callable[[Path], object], reason: str
) -> None:
    path = tmp_path / "hunter2"
    make(path)

    value, told = read(KEY_FILE=path)

    [sentence] = told.values()
    assert value == "default"
    assert sentence.startswith("KEY_FILE names a file that")
    assert reason in sentence
    assert "hunter2" not in sentence


def test_path_that_depends_on_the_folder_is_refused() -> None:
    _value, told = read(KEY_FILE="key")

    assert "write its whole path" in told["KEY_FILE"]
