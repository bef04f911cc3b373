"""Log formatters: JSON for log processors, text for humans.

Control characters are escaped, so that a value cannot forge a log entry; secrets are redacted. A
value whose `str()` fails does not lose the entry.
"""

import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from .redaction import HIDDEN, is_secret, redact

MAX_TEXT = 4_000  # characters
MAX_TRACEBACK = 16_000  # characters
MAX_DEPTH = 4
MAX_NUMBER = 2**63  # larger integers lose precision in most JSON parsers

# Attributes of every log record; others come from `extra=`.
STANDARD_ATTRIBUTES = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


class LineFormatter(logging.Formatter):
    """Base of both formatters. It works without an application, for gunicorn's own log."""

    def __init__(
        self, release: str | None = None, secrets: Sequence[str] = (), brief: bool = False
    ) -> None:
        super().__init__()
        self.release = release
        self.secrets = tuple(secrets)
        self.brief = brief

    def entry(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return the fields of the log entry, without secrets."""
        time = datetime.fromtimestamp(record.created, UTC)
        entry = {
            "time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": self.message(record),
        }
        extra = {
            name: HIDDEN if is_secret(name) else self.json_value(value)
            for name, value in vars(record).items()
            if name not in STANDARD_ATTRIBUTES
        }
        added = {"release": self.release, "exception": self.traceback(record)}
        added = {name: value for name, value in added.items() if value}
        return entry | extra | entry | added

    def message(self, record: logging.LogRecord) -> str:
        """Return the message, with its arguments appended if they do not match the format."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a wrong format string must not lose the entry
            message = f"{_safe_str(record.msg)} {_safe_str(record.args)}"
        return self.clean(message)

    def traceback(self, record: logging.LogRecord) -> str:
        """Return the traceback and the stack of `record`, or an empty string."""
        info = record.exc_info
        text = self.formatException(info) if info and info[0] is not None else record.exc_text
        return self.clean("\n".join(filter(None, (text, record.stack_info))), MAX_TRACEBACK)

    def clean(self, text: str, max_length: int = MAX_TEXT) -> str:
        """Return `text` with secrets redacted, and its middle cut if it is too long."""
        text = redact(text, self.secrets)  # first: a truncated secret would not be found
        half = max_length // 2
        if len(text) <= max_length:
            return text
        return f"{text[:half]} … {len(text) - 2 * half} characters … {text[-half:]}"

    def json_value(self, value: object, depth: int = 0) -> Any:
        """Return `value` as a JSON value without secrets; other types become strings."""
        if value is None or (isinstance(value, int | float) and abs(value) < MAX_NUMBER):
            return value  # neither infinite nor NaN
        if isinstance(value, dict) and depth < MAX_DEPTH:
            items = ((_safe_str(key), item) for key, item in value.items())
            return {
                self.clean(key): HIDDEN if is_secret(key) else self.json_value(item, depth + 1)
                for key, item in items
            }
        if isinstance(value, list | tuple | set | frozenset) and depth < MAX_DEPTH:
            return [self.json_value(item, depth + 1) for item in value]
        return self.clean(_safe_str(value))


class JsonFormatter(LineFormatter):
    """One JSON object per line, in ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        """Return `record` as a line."""
        return json.dumps(self.entry(record), ensure_ascii=True)


class TextFormatter(LineFormatter):
    """Time, level, message, request ID and user; tracebacks are indented below.

    `brief` omits the date, the request ID and the user, for the terminal of a developer.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return `record` as a line, followed by its traceback."""
        time = datetime.fromtimestamp(record.created, UTC)
        name = "" if record.name.partition(".")[0] == "app" else f"{record.name}: "
        text = f"{record.levelname:<7} {name}{self.message(record)}"
        if self.brief:
            line = f"{time.astimezone():%H:%M:%S} {text}"
        else:
            request_id, user_id = (vars(record).get(name) for name in ("request_id", "user_id"))
            user = "" if user_id is None else f" user {user_id}"
            line = f"{time:%Y-%m-%d %H:%M:%SZ} {text}{f' [{request_id}{user}]' * bool(request_id)}"
        rows = [line, *filter(None, self.traceback(record).split("\n"))]
        return "\n    ".join(printable(row) for row in rows)


def printable(text: str) -> str:
    """Return `text` with non-printable characters escaped, among them all line breaks."""
    if text.isprintable():
        return text
    return "".join(x if x.isprintable() else x.encode("unicode_escape").decode() for x in text)


def _safe_str(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - any class may have a broken __str__
        return f"<unprintable {type(value).__name__}>"
