"""The JSON and text formats: complete, one line per entry, and without secrets."""

import json
import logging
import sys
from typing import Any

import pytest

from app.logs.formatters import (
    MAX_TEXT,
    MAX_TRACEBACK,
    JsonFormatter,
    LineFormatter,
    TextFormatter,
)
from app.logs.redaction import HIDDEN
from tests.support.log_capture import make_record

FORGED = 'ann\n2026-01-01 00:00:00Z ERROR   forged\r\n{"level": "ERROR"}\x1b[2K\x85\u2028\x00'
FORMATTERS = {
    "json": JsonFormatter(),
    "text": TextFormatter(),
    "brief": TextFormatter(brief=True),
}
each_format = pytest.mark.parametrize("formatter", FORMATTERS.values(), ids=FORMATTERS)


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError


def exc_info(message: object) -> Any:
    """Return the `exc_info` of an exception with `message`."""
    try:
        fail(message)
    except RuntimeError:
        return sys.exc_info()


def fail(message: object) -> None:
    raise RuntimeError(message)


def parse(line: str) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(line)
    return entry


def test_json_format() -> None:
    record = make_record("%s!", args=("hello",), created=0.0625)

    assert parse(JsonFormatter("42").format(record)) == {
        "time": "1970-01-01T00:00:00.062Z",
        "level": "INFO",
        "logger": "app",
        "message": "hello!",
        "release": "42",
    }


def test_text_format() -> None:
    record = make_record("hello", created=0.0, request_id="abc", user_id=5)

    assert TextFormatter().format(record) == "1970-01-01 00:00:00Z INFO    hello [abc user 5]"


def test_text_format_names_the_loggers_of_libraries() -> None:
    assert TextFormatter().format(make_record(name="alembic")).endswith("INFO    alembic: hello")


def test_brief_format_has_neither_date_nor_request_id() -> None:
    line = TextFormatter(brief=True).format(make_record("hello", request_id="abc"))

    time, text = line.split(maxsplit=1)
    assert (len(time), text) == (8, "INFO    hello")


@each_format
def test_values_cannot_forge_a_line(formatter: LineFormatter) -> None:
    line = formatter.format(make_record("Hello %s", args=(FORGED,), path=FORGED))

    assert line.isprintable()


@pytest.mark.parametrize("name", ["text", "brief"])
def test_exception_cannot_forge_a_line_of_text(name: str) -> None:
    first, *rest = FORMATTERS[name].format(make_record(exc_info=exc_info(FORGED))).split("\n")

    assert "Traceback" in rest[0]
    assert all(line.startswith("    ") and line.isprintable() for line in (*rest, f"    {first}"))


def test_json_has_the_traceback_in_the_same_line() -> None:
    line = JsonFormatter().format(make_record(exc_info=exc_info(FORGED)))

    assert line.isprintable()
    assert parse(line)["exception"].startswith("Traceback")


RECURSIVE: list[object] = []
RECURSIVE.append(RECURSIVE)
NOT_JSON: list[object] = [
    Unprintable(),
    {1: Unprintable()},
    {Unprintable(): 1},
    [object()],
    {"a", "b"},
    b"\xff",
    float("nan"),
    "\ud800",
    RECURSIVE,
    2**80,
    10**5000,  # has more digits than str() allows
    1 + 2j,
    RuntimeError("x"),
    exc_info,
]


@each_format
def test_any_value_can_be_logged(formatter: LineFormatter) -> None:
    for value in NOT_JSON:
        line = formatter.format(make_record("Hello %s", args=(value,), extra_field=value))

        assert "Hello" in line
        assert line.isascii()
        if isinstance(formatter, JsonFormatter):
            assert "NaN" not in line
            assert "extra_field" in parse(line)


@each_format
def test_unprintable_message_is_replaced(formatter: LineFormatter) -> None:
    record = make_record("")
    record.msg = Unprintable()  # as in `logger.exception(error)`

    assert "<unprintable Unprintable>" in formatter.format(record)


@each_format
def test_wrong_format_string_does_not_lose_the_entry(formatter: LineFormatter) -> None:
    cases: list[tuple[str, tuple[object, ...]]] = [
        ("%d posts", ("x",)),
        ("%s", ("a", "b")),
        ("100%", (1,)),
    ]
    for message, arguments in cases:
        line = formatter.format(make_record(message, args=arguments))

        assert message in line
        assert str(arguments[-1]) in line


def test_json_values_keep_their_types() -> None:
    entry = parse(JsonFormatter().format(make_record(n=5, values=[1, 2.5, None, {"a": True}])))

    assert (entry["n"], entry["values"]) == (5, [1, 2.5, None, {"a": True}])


def test_integers_that_json_parsers_cannot_represent_become_strings() -> None:
    entry = parse(JsonFormatter().format(make_record(small=2**63 - 1, large=2**63)))

    assert (entry["small"], entry["large"]) == (2**63 - 1, str(2**63))


def test_deep_structures_become_strings() -> None:
    entry = parse(JsonFormatter().format(make_record(deep=[[[[[1]]]]])))

    assert entry["deep"] == [[[["[1]"]]]]


def test_extra_fields_do_not_replace_standard_ones() -> None:
    entry = parse(JsonFormatter().format(make_record(time="now", level="none", logger="me")))

    assert (entry["level"], entry["logger"]) == ("INFO", "app")
    assert entry["time"] != "now"


SECRETS: dict[str, dict[str, Any]] = {
    "message": {"msg": "password=hunter2"},
    "argument": {"msg": "%s", "args": ("key hunter2-value",)},
    "field": {"note": "key hunter2-value"},
    "field name": {"password": "a hunter2"},
    "nested field": {"form": {"name": "ann", "password": ["a hunter2"]}},
    "key": {"form": {"hunter2-value": 1}},
    "exception": {"exc_info": exc_info("key hunter2-value")},
    "path": {"path": "/auth/reset/hunter2"},
    "stack": {"stack_info": "password=hunter2"},
}


@pytest.mark.parametrize("formatter_class", [JsonFormatter, TextFormatter])
def test_secrets_are_redacted_everywhere(formatter_class: type[LineFormatter]) -> None:
    formatter = formatter_class(secrets=["hunter2-value"])
    for where, attributes in SECRETS.items():
        record = logging.makeLogRecord({"levelname": "INFO", "name": "app"} | attributes)

        assert "hunter2" not in formatter.format(record), where


def test_secret_is_replaced_by_a_marker() -> None:
    entry = parse(JsonFormatter(secrets=["hunter2"]).format(make_record("It is hunter2.")))

    assert entry["message"] == f"It is {HIDDEN}."


def test_long_texts_are_truncated_in_the_middle() -> None:
    record = make_record(f"begin{'x' * 10**6}end", exc_info=exc_info(f"{'y' * 10**6}end"))

    entry = parse(JsonFormatter().format(record))

    for name, max_length in (("message", MAX_TEXT), ("exception", MAX_TRACEBACK)):
        assert len(entry[name]) < max_length + 100
        assert entry[name].endswith("end")
    assert entry["message"].startswith("begin")
    assert entry["exception"].startswith("Traceback")


def test_empty_exc_info_adds_no_traceback() -> None:
    record = make_record(exc_info=(None, None, None))

    assert "exception" not in parse(JsonFormatter().format(record))
