"""hosting.toml, or the table `[tool.hosting]` in pyproject.toml. Every key is optional."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .paths import CommandError

READY_PATHS = ("/readyz", "/")  # the first one that does not return 404 is checked
FILES = ("hosting.toml", "pyproject.toml")
URL_PATH = re.compile(r"/[\w./~%-]*(\?[\w=&.~%-]*)?", re.ASCII)
FOLDER = re.compile(r"(?!/)(?!(.*/)?\.\.?(/|$))[\w./ -]+", re.ASCII)
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
PYTHON = re.compile(r"3\.\d+|server")
LINE = re.compile(r"[^\x00-\x1f\x7f]+")
TEXT = re.compile(r"(?s)[^\0]*")
NAME = re.compile(r"[a-z][a-z0-9_-]*")
STATIC_URL = re.compile(r"(/[A-Za-z0-9][A-Za-z0-9_-]*)+/")


@dataclass(frozen=True)
class Manifest:
    """How an app differs from the defaults."""

    health_check: str = ""  # path; by default /readyz if it exists, otherwise /
    health_check_status: int = 0  # required status; by default any below 500
    health_check_timeout: int = 60  # seconds until a release must be ready
    release_header: str = ""  # response header in which the app repeats RELEASE
    env: dict[str, str] = field(default_factory=dict)  # defaults of variables
    directory: str = ""  # the app's directory in the repository; in hosting.toml only
    python: str = ""  # such as 3.12; by default that of the project, otherwise the server's
    build: str = ""  # shell command after the installation of the requirements
    static: dict[str, str] = field(default_factory=dict)  # URL path: folder that nginx serves
    upload_size: int = 16  # megabytes of a request's body
    timeout: int = 60  # seconds that nginx waits for the app
    buffering: bool = True  # nginx reads responses faster than a slow client
    cron: dict[str, dict[str, str]] = field(default_factory=dict)  # see cron.py

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of the health check, in the order in which they are tried."""
        return (self.health_check,) if self.health_check else READY_PATHS


# What a value must be, in words, and how it is checked.
RULES: dict[str, tuple[str, Any]] = {
    "health_check": ("a path such as /healthz", URL_PATH),
    "health_check_status": ("a status from 200 to 499", range(200, 500)),
    "health_check_timeout": ("a number of seconds from 1 to 600", range(1, 601)),
    "release_header": ("the name of a header", HEADER),
    "directory": ("a directory of the repository, such as backend", FOLDER),
    "python": ('a version such as "3.12", or "server"', PYTHON),
    "build": ("a shell command in one line", LINE),
    "upload_size": ("a number of megabytes from 1 to 10000", range(1, 10_001)),
    "timeout": ("a number of seconds from 1 to 600", range(1, 601)),
    "buffering": ("true or false", bool),
    "env": ("a table of variables: names and strings", (VARIABLE, TEXT)),
    "cron": (
        "a table of names (a-z, 0-9, _ and -), each with `schedule` and `command`",
        (NAME, {"schedule": LINE, "command": LINE}),
    ),
    "static": ('a table of URL paths and folders: "/static/" = "static"', (STATIC_URL, FOLDER)),
}


def read(src: Path) -> Manifest:
    """Return the manifest of a release; raise CommandError if it is invalid."""
    return parse({name: text(src / name) for name in FILES})


def text(file: Path) -> str:
    """Return the contents of a file; an empty string if it does not exist."""
    try:
        return file.read_text()
    except FileNotFoundError:
        return ""
    except ValueError:
        raise CommandError(f"{file.name} is not UTF-8 text.") from None


def parse(files: dict[str, str]) -> Manifest:
    """Return the manifest in the texts of hosting.toml and pyproject.toml."""
    own = loads("hosting.toml", files["hosting.toml"])
    tools = loads("pyproject.toml", files["pyproject.toml"]).get("tool", {})
    table = tools.get("hosting", {})
    if own and table:
        raise CommandError(
            "There are settings both in hosting.toml and in [tool.hosting] in pyproject.toml. "
            "Keep one of them."
        )
    name = "hosting.toml" if own else "[tool.hosting] in pyproject.toml"
    if not isinstance(table, dict):
        raise CommandError(f"{name} is invalid: hosting is not a table.")
    if "directory" in table:
        raise CommandError(f"{name} is invalid: `directory` belongs in hosting.toml.")
    return checked(name, own or table)


def loads(name: str, content: str) -> dict[str, Any]:
    """Parse a TOML file; raise CommandError if it is invalid."""
    try:
        return tomllib.loads(content)
    except ValueError as error:
        raise CommandError(f"{name} is invalid: {error}") from None


def checked(name: str, table: dict[str, Any]) -> Manifest:
    """Return the manifest in a table; raise CommandError for unknown keys and bad values."""
    values = {key.replace("-", "_"): value for key, value in table.items()}
    for key, value in values.items():
        shown = key.replace("_", "-")
        if key not in RULES:
            known = ", ".join(sorted(RULES)).replace("_", "-")
            raise CommandError(f"{name} is invalid: unknown key `{shown}`. Known are: {known}.")
        words, rule = RULES[key]
        if not is_valid(value, rule):
            raise CommandError(f"{name} is invalid: `{shown}` must be {words}, not {value!r}.")
    return Manifest(**values)


def is_valid(value: object, rule: Any) -> bool:
    """Return True if a value follows a rule of RULES."""
    if rule is bool:
        return isinstance(value, bool)
    if isinstance(rule, range):
        return type(value) is int and value in rule
    if isinstance(rule, dict):
        if not isinstance(value, dict) or value.keys() != rule.keys():
            return False
        return all(is_valid(value[key], rule[key]) for key in rule)
    if isinstance(rule, tuple):
        keys, values = rule
        return isinstance(value, dict) and all(
            is_valid(key, keys) and is_valid(one, values) for key, one in value.items()
        )
    return isinstance(value, str) and bool(rule.fullmatch(value))
