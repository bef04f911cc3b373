"""Reading the environment: each value becomes what is meant, or a sentence that says why not."""

from collections.abc import Callable
from typing import Any

import pytest

from settings.environment import Environment, reading

Read = Callable[[Environment], Any]
LEVELS = ("DEBUG", "INFO")

READERS: dict[str, Read] = {
    "text": lambda env: env.text("X"),
    "text or": lambda env: env.text("X", "else"),
    "number": lambda env: env.number("X", 7),
    "number or none": lambda env: env.number("X", 7, minimum=0),
    "seconds": lambda env: env.seconds("X", 2),
    "flag": lambda env: env.flag("X"),
    "flag, on": lambda env: env.flag("X", default=True),
    "one of": lambda env: env.one_of("X", LEVELS, "INFO"),
    "words": lambda env: env.words("X"),
    "address": lambda env: env.address("X"),
    "database": lambda env: env.database("X"),
    "database or": lambda env: env.database("X", "sqlite://"),
}

GOOD: list[tuple[str, str, Any]] = [
    ("text", " a b ", "a b"),
    ("number", " 42 ", 42),
    ("number or none", "0", 0),
    ("seconds", "0.25", 0.25),
    ("seconds", "0", 0.0),
    ("seconds", "86400", 86400.0),
    ("flag", "ON", True),
    ("flag, on", "no", False),
    ("one of", "debug", "DEBUG"),
    ("words", " a  b\nc ", ["a", "b", "c"]),
    ("address", "https://example.com/", "https://example.com"),
    ("database", "postgres://h/d", "postgresql+psycopg2://h/d"),
    ("database", "postgresql://h/d", "postgresql+psycopg2://h/d"),
    ("database", "sqlite:////x", "sqlite:////x"),
]

DEFAULTS: dict[str, Any] = {
    "text": None,
    "text or": "else",
    "number": 7,
    "number or none": 7,
    "seconds": 2,
    "flag": False,
    "flag, on": True,
    "one of": "INFO",
    "words": [],
    "address": "",
    "database": None,
    "database or": "sqlite://",
}

BAD = [
    *(("number", value) for value in ("x", "-1", "0", "1.5", "1e3", "٣", "1000001")),
    *(("seconds", value) for value in ("x", "-1", "1e3", "86401", "1.", ".5", "inf", "nan", "٣")),
    *(("flag", value) for value in ("maybe", "2", "truee")),
    *(("one of", value) for value in ("loud", "INFO DEBUG")),
]


@pytest.mark.parametrize(("reader", "text", "meant"), GOOD)
def test_value_is_read_as_what_is_meant(reader: str, text: str, meant: Any) -> None:
    with reading({"X": text}):
        env = Environment()
        value = READERS[reader](env)

    assert (value, type(value)) == (meant, type(meant))
    assert env.unreadable == {}
    assert env.given == {"X": meant}


@pytest.mark.parametrize(
    "variables", [{}, {"X": ""}, {"X": " \t"}], ids=["none", "empty", "blank"]
)
@pytest.mark.parametrize("reader", READERS)
def test_variable_that_is_not_set_leaves_the_default(
    reader: str, variables: dict[str, str]
) -> None:
    with reading(variables):
        env = Environment()
        value = READERS[reader](env)

    assert value == DEFAULTS[reader]
    assert (env.given, env.unreadable) == ({}, {})
    assert "X" in env.names


@pytest.mark.parametrize(("reader", "text"), BAD)
def test_value_that_cannot_be_read_is_one_sentence(reader: str, text: str) -> None:
    with reading({"X": text}):
        env = Environment()
        value = READERS[reader](env)

    assert value == DEFAULTS[reader]
    [sentence] = env.unreadable.values()
    assert sentence.startswith(f"X is {text!r}: ")
    assert sentence.endswith(".")


def test_choice_is_told_with_all_that_could_be_chosen() -> None:
    with reading({"X": "loud"}):
        env = Environment()
        env.one_of("X", LEVELS, "INFO")

    assert env.unreadable == {"X": "X is 'loud': choose one of DEBUG, INFO."}
