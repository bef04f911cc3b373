"""Each variable is parsed, or its default is used and a sentence says what to set."""

import os
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from envconfig import rules
from envconfig.environment import Environment

Read = Callable[[Environment], Any]

READERS: dict[str, tuple[Read, Any]] = {
    "text": (lambda env: env.text("X"), None),
    "text with default": (lambda env: env.text("X", "other"), "other"),
    "number": (lambda env: env.number("X", 7), 7),
    "number from 0": (lambda env: env.number("X", 7, minimum=0, maximum=9), 7),
    "seconds": (lambda env: env.seconds("X", 2), 2),
    "flag": (lambda env: env.flag("X"), False),
    "flag, on": (lambda env: env.flag("X", default=True), True),
    "one of": (lambda env: env.text("X", "INFO", rules.LOG_LEVEL), "INFO"),
    "strings": (lambda env: env.strings("X", rules.HOSTS), []),
    "url": (lambda env: env.text("X", rule=rules.URL), None),
    "database": (lambda env: env.text("X", rule=rules.DATABASE), None),
    "database with default": (lambda env: env.text("X", "x", rules.DATABASE), "x"),
}

VALID: list[tuple[str, str, Any]] = [
    ("text", " a b ", "a b"),
    ("number", " 42 ", 42),
    ("number", "1", 1),
    ("number", "1000000", 1_000_000),
    ("number from 0", "0", 0),
    ("number from 0", "9", 9),
    ("seconds", "0.25", 0.25),
    ("seconds", "0", 0.0),
    ("seconds", "86400", 86400.0),
    *(("flag", value, True) for value in ("1", "true", "Yes", "ON")),
    *(("flag, on", value, False) for value in ("0", "False", "no", "off")),
    ("one of", "debug", "DEBUG"),
    ("strings", " a  b\nc ", ["a", "b", "c"]),
    ("url", "HTTPS://example.com/", "https://example.com"),
    ("database", "postgres://h/d", "postgresql+psycopg2://h/d"),
    ("database", "postgresql://h/d", "postgresql+psycopg2://h/d"),
    ("database", "postgresql+psycopg2://h/d", "postgresql+psycopg2://h/d"),
    ("database", "sqlite:////x", "sqlite:////x"),
]

INVALID = [
    *(("number", value) for value in ("x", "-1", "0", "1.5", "1e3", "٣", "1000001", "9" * 10)),
    ("number from 0", "10"),
    *(("seconds", value) for value in ("x", "-1", "1e3", "86401", "1.", ".5", "inf", "nan", "٣")),
    *(("flag", value) for value in ("maybe", "2", "truee")),
    *(("one of", value) for value in ("loud", "INFO DEBUG")),
]


def read(reader: str, **variables: str) -> tuple[Environment, Any]:
    with patch.dict(os.environ, variables, clear=True):
        env = Environment()
        return env, READERS[reader][0](env)


def test_valid_value_is_parsed() -> None:
    for reader, text, value in VALID:
        env, result = read(reader, X=text)

        assert (result, type(result)) == (value, type(value)), (reader, text)
        assert env.errors == {}
        assert env.values == {"X": value}


def test_unset_or_blank_variable_has_the_default() -> None:
    for reader, (_read, default) in READERS.items():
        for variables in ({}, {"X": ""}, {"X": " \t"}):
            env, result = read(reader, **variables)

            assert result == default, (reader, variables)
            assert (env.values, env.errors) == ({}, {})
            assert "X" in env.names


def test_invalid_value_is_an_error() -> None:
    for reader, text in INVALID:
        env, result = read(reader, X=text)

        assert result == READERS[reader][1], (reader, text)
        [error] = env.errors.values()
        assert error.startswith(f"X is {text!r}: ")
        assert error.endswith(".")


def test_error_does_not_show_secrets() -> None:
    for name in ("REDIS_URL", "METRICS_TOKEN", "SECRET_KEY_FALLBACKS"):
        with patch.dict(os.environ, {name: "hunter2"}, clear=True):
            env = Environment()
            env.text(name, rule=rules.EMAIL)

        assert env.errors == {name: f"{name} is invalid: {rules.EMAIL.hint}."}
