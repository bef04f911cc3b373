"""Variables and the number of processes. Values are never shown: only names, ages and digests."""

import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

from .places import App, Misused, Refused, now, write

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
Settings = dict[str, Any]  # {"variables": {name: {"value", "since"}}, "scale": {process: number}}


def read(path: Path) -> Settings:
    """Return the settings in a file; none, if there is no file."""
    try:
        settings: Settings = json.loads(path.read_text())
    except FileNotFoundError:
        settings = {}
    return {"variables": {}, "scale": {}, **settings}


def changed(settings: Settings, change: dict[str, Any]) -> Settings:
    """Return settings after `{"set": {name: value}, "unset": [name], "scale": {…}}`."""
    variables = dict(settings["variables"])
    for name, value in change.get("set", {}).items():
        if not NAME.fullmatch(name) or "\0" in value:
            raise Misused(
                "That cannot be a variable: its name has letters, digits and _ alone, and begins "
                "with none of the digits; its value has no byte that is zero."
            )
        if variables.get(name, {}).get("value") != value:
            variables[name] = {"value": value, "since": now()}
    for name in change.get("unset", []):
        if variables.pop(name, None) is None:
            raise Refused(f"{name} is not set, so it cannot be unset.")
    return {"variables": variables, "scale": settings["scale"] | change.get("scale", {})}


def stage(app: App, change: dict[str, Any]) -> None:
    """Change what every next release will have, and make none now."""
    write(app.settings, json.dumps(changed(read(app.settings), change)))


def hand_over(app: App, change: dict[str, Any]) -> None:
    """Change what the next push will have; if it is rejected, nothing is changed."""
    write(app.handed_over, json.dumps(change))


def handed_over(app: App) -> dict[str, Any]:
    """Return what the push that has come shall change, and forget it."""
    try:
        change: dict[str, Any] = json.loads(app.handed_over.read_text())
    except FileNotFoundError:
        change = {}
    app.handed_over.unlink(missing_ok=True)
    return change


def values(settings: Settings) -> dict[str, str]:
    """Return the variables, byte for byte."""
    return {name: entry["value"] for name, entry in settings["variables"].items()}


def listed(app: App) -> list[dict[str, Any]]:
    """Return what may be shown: name, since when, and a digest that only this app could make."""
    key = (app.root / "config/digest.key").read_bytes()
    return [
        {
            "name": name,
            "since": entry["since"],
            "digest": hmac.digest(
                key, entry["value"].encode(errors="surrogateescape"), hashlib.sha256
            ).hex()[:12],
        }
        for name, entry in sorted(read(app.settings)["variables"].items())
    ]


def age(entry: dict[str, Any]) -> str:
    """Return for how long a variable has had its value."""
    return f"{(now() - entry['since']) / 86_400:.1f} days"


def masked(text: str, secrets: list[str]) -> str:
    """Return `text` without any of the values, should a program have printed one."""
    for secret in sorted(secrets, key=len, reverse=True):
        for line in [secret, *secret.splitlines()]:
            if len(line) >= 6:  # shorter ones are words such as `true`
                text = text.replace(line, "[hidden]")
    return text
