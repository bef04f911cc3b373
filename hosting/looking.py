"""Looking at what runs: list, status, logs, build-logs."""

import json
import re
import time
from datetime import UTC, datetime
from typing import Any

import click

from . import regions, ssh
from .deploying import finish
from .options import one_region
from .regions import Region

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


@click.command("build-logs")
@click.option("--release", type=int, help="Which one (default: the last).")
@one_region
def build_logs(release: int | None, region: Region) -> None:
    """Show what was written while a release was made, whatever became of it.

    Example: python -m hosting build-logs --release 42
    """
    finish(region, "build-log", *([str(release)] if release else []))


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_apps(as_json: bool) -> None:
    """Show every app that is known here, and what is live there.

    Example: python -m hosting list
    """
    found = [(one, json.loads(ssh.ask(one, ssh.verb(one, "status")))) for one in known()]
    if as_json:
        click.echo(json.dumps([status | {"region": one.name} for one, status in found]))
        return
    for one, status in found:
        release = status["release"] or {"number": "-", "commit": "", "who": ""}
        facts = (one.app, one.name, f"release {release['number']}", release["commit"][:9])
        click.echo("  ".join([*facts, release["who"], status["url"]]))


def known() -> list[Region]:
    """Return all regions; having none is a wrong use."""
    found = regions.remembered()
    if not found:
        raise click.UsageError("No app is known here: python -m hosting login NAME@HOST")
    return found


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@one_region
def status(as_json: bool, region: Region) -> None:
    """Show what is live, what runs, and what is left of disk and certificate.

    Example: python -m hosting status
    """
    said = ssh.ask(region, ssh.verb(region, "status"))
    if as_json:
        click.echo(said, nl=False)
        return
    for line in told(json.loads(said), region):
        click.echo(line)


def told(status: dict[str, Any], region: Region) -> list[str]:
    """Return the status as lines."""
    release = status["release"]
    lines = [f"{status['name']} at {region.name}: {status['url']}"]
    if release:
        at = time.strftime("%Y-%m-%d %H:%M", time.localtime(release["at"]))
        lines.append(
            f"release {release['number']}, {release['commit'][:9]}, {release['who']}, {at}"
        )
    lines.append(f"directly: {status['direct']}; through nginx: {status['nginx']}")
    lines += [
        f"{one['name']}: {one['state']} for {one['uptime']} s, {one['restarts']} restarts, "
        f"{one['megabytes']} MB"
        for one in status["processes"]
    ]
    lines.append(
        f"disk: {status['disk_used_percent']} % used, {status['disk_free_megabytes']} MB free"
    )
    lines.append(
        f"certificate: {status['certificate_days']} days; maintenance: {status['maintenance']}"
    )
    return [*lines, f"variables: {', '.join(status['variables'])}"]


COMMANDS = [list_apps, status, logs, build_logs]
