"""Cron entries in the repository's settings: a timer of systemd for each, and its last run."""

import time
from pathlib import Path
from typing import Any

from . import manifest, processes, releases
from .paths import App, CommandError, call
from .processes import systemctl
from .releases import Release


def check_schedules(src: Path) -> None:
    """Raise CommandError if systemd does not understand a schedule."""
    for name, entry in manifest.read(src).cron.items():
        try:
            call(["systemd-analyze", "calendar", "--", entry["schedule"]])
        except CommandError:
            raise CommandError(
                f"The schedule of the cron entry `{name}` is invalid: {entry['schedule']!r}. "
                "Write it as for systemd: daily, *-*-* 04:30, Mon *-*-* 04:30 or *:0/15."
            ) from None


def install_timers(app: App, release: Release | None) -> None:
    """Start the timers of the live release, and remove those of others. Runs are not interrupted.

    A run uses the release that is live when it starts.
    """
    entries = manifest.read(release.src).cron if release else {}
    wanted = processes.timers(release) if release else []
    folder = processes.unit_folder(app)
    others = [file for file in folder.glob("cron-*.timer") if file.name not in wanted]
    for file in others:
        call(systemctl("stop", file.name))
        file.with_suffix(".service").unlink(missing_ok=True)
        file.unlink()
    for name, entry in entries.items():
        for unit in ("cron.service", "cron.timer"):
            processes.write_unit(app, unit, name, schedule=entry["schedule"])
    if others or wanted:
        call(systemctl("daemon-reload"))
    if wanted:
        call(systemctl("restart", *wanted))  # the schedule may be another one


def execute(app: App, name: str) -> None:
    """Replace this process by the command of a cron entry of the live release."""
    release = releases.require_live(app)
    processes.execute_shell(release, manifest.read(release.src).cron[name]["command"])


def runs(release: Release) -> list[dict[str, Any]]:
    """Return name and schedule of each cron entry, and the result of its last run since boot."""
    return [
        {"name": name, "schedule": entry["schedule"], **last_run(name)}
        for name, entry in manifest.read(release.src).cron.items()
    ]


def last_run(name: str) -> dict[str, Any]:
    """Return the result of the last run of an entry in words, and whether it has failed."""
    properties = "--property=ActiveState,Result,ExecMainStatus,ExecMainExitTimestamp"
    shown = call(systemctl("show", "--timestamp=unix", properties, f"cron-{name}.service"))
    facts = dict(line.split("=", 1) for line in shown.splitlines())
    ended = facts["ExecMainExitTimestamp"].lstrip("@")
    failed = facts["Result"] != "success"
    status = f"failed with exit status {facts['ExecMainStatus']}" if failed else "succeeded"
    if facts["ActiveState"] == "activating":
        status = "is running"
    elif not ended.strip("0"):
        status = "has not run since the server has started"
    else:
        status += time.strftime(" at %Y-%m-%d %H:%M:%S UTC", time.gmtime(int(ended)))
    return {"result": status, "failed": failed}
