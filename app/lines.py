"""How a record becomes a line of the log: JSON for programs, text for people.

Whatever a record holds, it becomes one line: nothing in it can begin another one, and a value
that cannot be written is named instead of losing the line. Secrets are left out.
"""

import json
import logging
import math
from collections.abc import Sequence
from datetime import UTC, datetime

from .redaction import HIDDEN, is_secret, redact

LONGEST_TEXT = 4_000
LONGEST_TRACEBACK = 16_000  # characters; the end tells more than the beginning, so both are kept
DEEPEST = 4
LARGEST = 2**63  # what programs that read JSON take for a whole number

# What every record has; the rest was given with `extra=`.
STANDARD = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"})


class LineFormatter(logging.Formatter):
    """What both formats share. It needs no application, so that gunicorn can use it, too."""

    def __init__(self, release: str | None = None, secrets: Sequence[str] = ()) -> None:
        super().__init__()
        self.release = release
        self.secrets = tuple(secrets)

    def message(self, record: logging.LogRecord) -> str:
        """Return the message; one whose arguments do not fit it is written as it was given."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a mistake in one message must not lose its line
            message = f"{_written(record.msg)} {_written(record.args)}"
        return self.clean(message)

    def traceback(self, record: logging.LogRecord) -> str:
        """Return the traceback that belongs to `record`, or nothing."""
        info = record.exc_info
        text = self.formatException(info) if info and info[0] is not None else record.exc_text
        parts = [part for part in (text, record.stack_info) if part]
        return self.clean("\n".join(parts), LONGEST_TRACEBACK)

    def clean(self, text: str, longest: int = LONGEST_TEXT) -> str:
        """Return `text` without secrets, and with its middle left out if it is too long."""
        text = redact(text, self.secrets)  # first: half a secret would not be found
        if len(text) <= longest:
            return text
        half = longest // 2
        return f"{text[:half]} … {len(text) - 2 * half} characters … {text[-half:]}"


class JsonFormatter(LineFormatter):
    """One object a line, in ASCII, so that no encoding and no terminal can spoil it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": self.message(record),
        }
        extra = {name: value for name, value in vars(record).items() if name not in STANDARD}
        for name, value in extra.items():
            line.setdefault(name, HIDDEN if is_secret(name) else self.plain(value))
        if self.release:
            line["release"] = self.release
        exception = self.traceback(record)
        if exception:
            line["exception"] = exception
        return json.dumps(line, ensure_ascii=True)

    def plain(self, value: object, depth: int = 0) -> object:
        """Return `value` as JSON can hold it."""
        if value is None or (isinstance(value, int) and abs(value) < LARGEST):
            return value
        if isinstance(value, float) and math.isfinite(value):
            return value
        if isinstance(value, dict) and depth < DEEPEST:
            return {
                self.clean(_written(key)): HIDDEN
                if is_secret(_written(key))
                else self.plain(inner, depth + 1)
                for key, inner in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset) and depth < DEEPEST:
            return [self.plain(inner, depth + 1) for inner in value]
        return self.clean(_written(value))


class TextFormatter(LineFormatter):
    """Time, level, message; a traceback is indented below, so that it begins no line.

    `brief` is for a developer's terminal: without the date and the numbers of requests.
    """

    def __init__(
        self, release: str | None = None, secrets: Sequence[str] = (), brief: bool = False
    ) -> None:
        super().__init__(release, secrets)
        self.brief = brief

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback below it."""
        ours = record.name == "app" or record.name.startswith(("app.", "werkzeug"))
        text = printable(f"{'' if ours else f'{record.name}: '}{self.message(record)}")
        line = f"{self.moment(record)} {record.levelname:<7} {text}{self.about(record)}"
        below = [f"    {printable(row)}" for row in self.traceback(record).split("\n") if row]
        return "\n".join([line, *below])

    def moment(self, record: logging.LogRecord) -> str:
        """Return the time: a developer's own, or UTC for those who compare machines."""
        if self.brief:
            return datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        moment = datetime.fromtimestamp(record.created, UTC)
        return moment.strftime("%Y-%m-%d %H:%M:%SZ")

    def about(self, record: logging.LogRecord) -> str:
        """Return the number of the request and who sent it, to find lines that belong together."""
        request_id = getattr(record, "request_id", None)
        if self.brief or not request_id:
            return ""
        user_id = getattr(record, "user_id", None)
        return f" [{request_id}{f' user {user_id}' if user_id is not None else ''}]"


def printable(text: str) -> str:
    """Return `text` with every character that moves, hides or breaks a line written out."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


def _written(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - whatever a foreign class does, the line is written
        return f"<{type(value).__name__} that cannot be shown>"
