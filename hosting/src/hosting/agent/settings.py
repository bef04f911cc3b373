"""Environment variables and process counts. Values are never printed, only ages and digests."""

import hmac
import json
import re
from pathlib import Path
from typing import Any

from .paths import App, CommandError, UsageError, now, write

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
Settings = dict[str, Any]  # {"variables": {name: {"value", "since"}}, "scale": {process: count}}


def read(path: Path) -> Settings:
    """Return the settings in a file; empty settings if it does not exist."""
    try:
        settings: Settings = json.loads(path.read_text())
    except FileNotFoundError:
        settings = {}
    return {"variables": {}, "scale": {}, **settings}


def apply(settings: Settings, change: dict[str, Any]) -> Settings:
    """Return settings after `{"set": {name: value}, "unset": [name], "scale": {…}}`."""
    variables = dict(settings["variables"])
    for name, value in change.get("set", {}).items():
        if not NAME.fullmatch(name) or "\0" in value:
            raise UsageError(
                "Invalid variable. A name consists of letters, digits and _ and does not start "
                "with a digit; a value contains no NUL byte."
            )
        if variables.get(name, {}).get("value") != value:
            variables[name] = {"value": value, "since": now()}
    for name in change.get("unset", []):
        if variables.pop(name, None) is None:
            raise CommandError(f"{name} is not set.")
    return {"variables": variables, "scale": settings["scale"] | change.get("scale", {})}


def save(app: App, change: dict[str, Any]) -> None:
    """Change the settings of the releases to come, without a new release."""
    write(app.settings, json.dumps(apply(read(app.settings), change)))


def take_staged(app: App) -> dict[str, Any]:
    """Return the change staged for this push, and delete it."""
    try:
        change: dict[str, Any] = json.loads(app.staged_change.read_text())
    except FileNotFoundError:
        change = {}
    app.staged_change.unlink(missing_ok=True)
    return change


def values(settings: Settings) -> dict[str, str]:
    """Return the variables and their values."""
    return {name: entry["value"] for name, entry in settings["variables"].items()}


def listed(app: App) -> list[dict[str, Any]]:
    """Return name, age and digest of each variable. The digest is keyed, so it reveals nothing."""
    key = (app.root / "config/digest.key").read_bytes()
    variables = sorted(read(app.settings)["variables"].items())
    return [
        {"name": name, "since": entry["since"], "digest": digest(key, entry["value"])}
        for name, entry in variables
    ]


def digest(key: bytes, value: str) -> str:
    """Return a short keyed digest."""
    return hmac.digest(key, value.encode(errors="surrogateescape"), "sha256").hex()[:12]


def mask(text: str, secrets: list[str]) -> str:
    """Replace secrets in `text`, line by line, in case a program printed one."""
    for secret in sorted(secrets, key=len, reverse=True):
        for line in [secret, *secret.splitlines()]:
            if len(line) >= 6:  # shorter values are words such as `true`
                text = text.replace(line, "[hidden]")
    return text
