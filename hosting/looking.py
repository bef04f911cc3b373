"""Looking at what runs, from here: list, logs."""

import json
import re
import time
from datetime import UTC, datetime
from typing import Any

import click

from . import regions
from .deploying import status
from .options import finish, one_region
from .regions import Region
from .server.looking import described
from .server.table import table
from .ssh import Unreachable

UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
AGO = re.compile(r"(\d+[dhms]\s*)+")


def moment(text: str, now: float) -> int:
    """Return a time in seconds of the unix clock: 3d 4h ago, ISO 8601, or those seconds."""
    if AGO.fullmatch(text):
        found = re.findall(r"(\d+)([dhms])", text)
        return int(now) - sum(int(number) * UNITS[unit] for number, unit in found)
    if text.isdigit():
        return int(text)
    try:
        return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())
    except ValueError:
        raise click.UsageError(
            f"{text!r} is no time: say 3d 4h 10m, 2026-01-31T12:00, or seconds of the unix clock."
        ) from None


@click.command()
@click.option("--from", "since", metavar="TIME", help="Begin here: 3d 4h, ISO 8601 or unix time.")
@click.option("--to", "until", metavar="TIME", help="End here, and do not follow.")
@click.option(
    "-n", "lines", type=click.IntRange(0), help="How many lines (default: the last 100)."
)
@click.option("--process", metavar="NAME", help="web, worker … alone.")
@click.option("--no-follow", is_flag=True, help="Do not wait for more.")
@one_region
def logs(
    since: str | None, until: str | None, lines: int | None, process: str | None,
    no_follow: bool, region: Region,
) -> None:  # fmt: skip
    """Show what the processes have written, and go on as they write more.

    Example: python -m hosting logs --from 3d --to "2d 4h" --process web
    """
    now = time.time()
    bounds = [str(moment(text, now)) if text else "-" for text in (since, until)]
    number = "-" if lines is None and (since or until) else str(100 if lines is None else lines)
    follow = "stop" if no_follow or until else "follow"
    finish(region, "logs", process or "-", *bounds, number, follow)


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_apps(as_json: bool) -> None:
    """Show every app that is known here, and what is live there.

    Example: python -m hosting list
    """
    if not regions.remembered():
        raise click.UsageError("No app is known here: python -m hosting login NAME@HOST")
    found = [look(one) for one in regions.remembered()]
    click.echo(
        f"{json.dumps(found)}\n" if as_json else table([row(one) for one in found]), nl=False
    )
    if any("error" in one for one in found):
        raise SystemExit(1)


def look(region: Region) -> dict[str, Any]:
    """Return the status of an app, or why there is none: the others are shown all the same."""
    try:
        return status(region) | {"region": region.name}
    except Unreachable as error:
        return {"name": region.app, "region": region.name, "error": str(error)}


def row(one: dict[str, Any]) -> list[str]:
    """Return what is shown of one app."""
    facts = described(one["release"]) if one.get("release") else ["-"] * 5
    return [one["name"], one["region"], *facts, one.get("error") or one["url"]]


COMMANDS = [list_apps, logs]
