"""`hosting list` and `hosting logs`."""

import json
import re
import time
from datetime import UTC, datetime
from typing import Any

import click

from . import servers, ssh
from .agent.paths import CommandError
from .agent.queries import describe
from .agent.table import table
from .options import run_remote, server_options
from .servers import Server

UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
RELATIVE = re.compile(r"(\d+[dhms]\s*)+")


def fetch(server: Server) -> dict[str, Any]:
    """Return the status of an app."""
    return dict(json.loads(ssh.capture(server, ssh.agent(server, "status", "--json"))))


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_apps(as_json: bool) -> None:
    """List the apps that you are logged in to, with their live releases.

    Example: hosting list
    """
    if not servers.load():
        raise click.UsageError("Not logged in to any app. Log in: hosting login APP@HOST")
    apps = [fetch_or_error(one) for one in servers.load()]
    click.echo(f"{json.dumps(apps)}\n" if as_json else table([row(one) for one in apps]), nl=False)
    if any("error" in one for one in apps):
        raise SystemExit(1)


def fetch_or_error(server: Server) -> dict[str, Any]:
    """Return the status of an app, or the error: the other apps are listed anyway."""
    try:
        return fetch(server) | {"region": server.name}
    except CommandError as error:
        return {"name": server.app, "region": server.name, "error": str(error)}


def row(app: dict[str, Any]) -> list[str]:
    """Return the columns of an app."""
    release = describe(app["release"]) if app.get("release") else ["-"] * 5
    return [app["name"], app["region"], *release, app.get("error") or app["url"]]


@click.command()
@click.option("--from", "since", metavar="TIME", help="Start: 3d 4h (ago), ISO 8601 or Unix time.")
@click.option("--to", "until", metavar="TIME", help="End; implies --no-follow.")
@click.option("-n", "lines", type=click.IntRange(0), help="Number of lines (default: 100).")
@click.option("--process", metavar="NAME", help="Show one process, such as web or worker.")
@click.option("--no-follow", is_flag=True, help="Do not wait for new lines.")
@server_options
def logs(
    since: str | None, until: str | None, lines: int | None, process: str | None,
    no_follow: bool, server: Server,
) -> None:  # fmt: skip
    """Show the output of the processes, and follow it.

    Example: hosting logs --from 3d --to "2d 4h" --process web
    """
    now = time.time()
    bounds = [str(timestamp(text, now)) if text else "-" for text in (since, until)]
    number = "-" if lines is None and (since or until) else str(100 if lines is None else lines)
    follow = "stop" if no_follow or until else "follow"
    run_remote(server, "logs", process or "-", *bounds, number, follow)


def timestamp(text: str, now: float) -> int:
    """Return the Unix time of `3d 4h` (ago), of ISO 8601, or of a Unix timestamp."""
    if RELATIVE.fullmatch(text):
        parts = re.findall(r"(\d+)([dhms])", text)
        return int(now) - sum(int(number) * UNITS[unit] for number, unit in parts)
    if text.isdigit():
        return int(text)
    try:
        return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())
    except ValueError:
        raise click.UsageError(
            f"{text!r} is not a time: use 3d 4h 10m, 2026-01-31T12:00 or a Unix timestamp."
        ) from None


COMMANDS = [list_apps, logs]
