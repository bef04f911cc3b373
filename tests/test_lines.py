"""How a record becomes a line: whole, one, and without secrets."""

import json
import logging
import sys
from typing import Any

import pytest

from app.lines import LONGEST_TEXT, LONGEST_TRACEBACK, JsonFormatter, LineFormatter, TextFormatter
from app.redaction import HIDDEN
from tests.logbook import record

FORGED = 'ann\n2026-01-01 00:00:00Z ERROR   forged\r\n{"level": "ERROR"}\x1b[2K\x85\u2028\x00'
FORMATS = [JsonFormatter(), TextFormatter(), TextFormatter(brief=True)]
NAMES = ["json", "text", "brief"]


class Broken:
    """What cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError


def failure(message: object) -> Any:
    """Return what `exc_info` holds after an error with `message`."""
    try:
        break_down(message)
    except RuntimeError:
        return sys.exc_info()


def break_down(message: object) -> None:
    raise RuntimeError(message)


def fields(line: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(line)
    return found


def test_json_tells_when_where_and_what() -> None:
    told = fields(JsonFormatter("42").format(record("%s!", args=("hello",), created=0.0625)))

    assert told == {
        "time": "1970-01-01T00:00:00.062Z",
        "level": "INFO",
        "logger": "app",
        "message": "hello!",
        "release": "42",
    }


def test_text_tells_when_and_what() -> None:
    line = TextFormatter().format(record("hello", created=0.0, request_id="abc", user_id=5))

    assert line == "1970-01-01 00:00:00Z INFO    hello [abc user 5]"


def test_text_names_the_logger_of_a_library() -> None:
    assert TextFormatter().format(record(name="huey")).endswith("INFO    huey: hello")


def test_brief_text_fits_a_terminal() -> None:
    line = TextFormatter(brief=True).format(record("hello", request_id="abc"))

    assert line.split(maxsplit=1)[1] == "INFO    hello"


@pytest.mark.parametrize("formatter", FORMATS, ids=NAMES)
def test_nobody_can_forge_a_line(formatter: LineFormatter) -> None:
    line = formatter.format(record("Hello %s", args=(FORGED,), path=FORGED))

    assert line.isprintable()


@pytest.mark.parametrize("formatter", FORMATS[1:], ids=NAMES[1:])
def test_error_that_forges_lines_begins_none(formatter: LineFormatter) -> None:
    first, *rest = formatter.format(record(exc_info=failure(FORGED))).split("\n")

    assert "Traceback" in rest[0]
    assert all(line.startswith("    ") and line.isprintable() for line in (*rest, f"    {first}"))


def test_json_holds_the_traceback_in_one_line() -> None:
    line = JsonFormatter().format(record(exc_info=failure(FORGED)))

    assert line.isprintable()
    assert fields(line)["exception"].startswith("Traceback")


CIRCLE: list[object] = []
CIRCLE.append(CIRCLE)


UNWRITABLE: list[object] = [
    Broken(),
    {1: Broken()},
    {Broken(): 1},
    [object()],
    {"a", "b"},
    b"\xff",
    float("nan"),
    "\ud800",
    CIRCLE,
    2**80,
    10**5000,  # has more digits than Python writes
    1 + 2j,
    RuntimeError("x"),
    failure,
]


@pytest.mark.parametrize("value", UNWRITABLE, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("formatter", FORMATS, ids=NAMES)
def test_value_that_cannot_be_written_loses_no_line(
    formatter: LineFormatter, value: object
) -> None:
    line = formatter.format(record("Hello %s", args=(value,), extra_field=value))

    assert "Hello" in line
    assert line.isascii()
    if isinstance(formatter, JsonFormatter):
        assert "NaN" not in line
        assert "extra_field" in fields(line)


@pytest.mark.parametrize("formatter", FORMATS, ids=NAMES)
def test_message_that_cannot_be_written_is_named(formatter: LineFormatter) -> None:
    """`logger.exception(error)` is what people write, and an error can be broken, too."""
    line = record("")
    line.msg = Broken()

    assert "<Broken that cannot be shown>" in formatter.format(line)


@pytest.mark.parametrize("formatter", FORMATS, ids=NAMES)
@pytest.mark.parametrize(
    ("message", "arguments"), [("%d posts", ("x",)), ("%s", ("a", "b")), ("100%", (1,))]
)
def test_message_that_does_not_fit_its_arguments_loses_no_line(
    formatter: LineFormatter, message: str, arguments: tuple[object, ...]
) -> None:
    assert message in formatter.format(record(message, args=arguments))


def test_further_fields_are_kept_as_they_are() -> None:
    told = fields(JsonFormatter().format(record(letter=5, tries=[1, 2.5, None, {"a": True}])))

    assert (told["letter"], told["tries"]) == (5, [1, 2.5, None, {"a": True}])


def test_further_fields_change_none_of_ours() -> None:
    told = fields(JsonFormatter().format(record(time="now", level="none", logger="me")))

    assert (told["level"], told["logger"]) == ("INFO", "app")
    assert told["time"] != "now"


SECRETS = {
    "in the message": {"msg": "password=hunter2"},
    "in an argument": {"msg": "%s", "args": ("key hunter2-value",)},
    "in a field": {"note": "key hunter2-value"},
    "as a field": {"password": "a hunter2"},
    "deep in a field": {"form": {"name": "ann", "password": ["a hunter2"]}},
    "as a name": {"form": {"hunter2-value": 1}},
    "in an error": {"exc_info": failure("key hunter2-value")},
    "in the path": {"path": "/auth/reset/hunter2"},
    "in a stack": {"stack_info": "password=hunter2"},
}


@pytest.mark.parametrize("formatter_class", [JsonFormatter, TextFormatter])
@pytest.mark.parametrize("given", SECRETS.values(), ids=SECRETS)
def test_secrets_are_left_out(formatter_class: type[LineFormatter], given: dict[str, Any]) -> None:
    formatter = formatter_class(secrets=["hunter2-value"])

    line = formatter.format(logging.makeLogRecord({"levelname": "INFO", "name": "app"} | given))

    assert "hunter2" not in line


def test_secret_is_replaced_by_a_word_that_says_so() -> None:
    told = fields(JsonFormatter(secrets=["hunter2"]).format(record("It is hunter2.")))

    assert told["message"] == f"It is {HIDDEN}."


def test_endless_texts_are_cut_in_the_middle() -> None:
    told = fields(
        JsonFormatter().format(
            record(f"begin{'x' * 10**6}end", exc_info=failure(f"{'y' * 10**6}end"))
        )
    )

    for name, longest in (("message", LONGEST_TEXT), ("exception", LONGEST_TRACEBACK)):
        assert len(told[name]) < longest + 100
        assert told[name].endswith("end")
    assert told["message"].startswith("begin")
    assert told["exception"].startswith("Traceback")


def test_error_without_an_exception_has_no_traceback() -> None:
    assert "exception" not in fields(JsonFormatter().format(record(exc_info=(None, None, None))))
