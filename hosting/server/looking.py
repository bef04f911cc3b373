"""What a key may look at: the status, the history, and what was written. Times are in UTC."""

import json
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import PROTOCOL, probes, processes, releases, settings
from .places import App, Misused, Refused, call, who
from .processes import supervised, systemctl
from .table import table

Facts = dict[str, Any]


def hello(app: App, _words: list[str]) -> int:
    """Say who is there."""
    print(json.dumps({"app": app.name, "protocol": PROTOCOL, "who": who(), "url": app.url}))
    return 0


def status(app: App, words: list[str]) -> int:
    """Tell what is live, what runs, and what is left of disk and certificate."""
    release = releases.live(app)
    disk = shutil.disk_usage(app.root)
    facts: Facts = {
        "name": app.name,
        "url": app.url,
        "release": release.record if release else None,
        "direct": probes.direct(release) if release else "no release",
        "nginx": probes.through_nginx(app),
        "processes": [process(unit) for unit in processes.running()],
        "disk_free_megabytes": disk.free // 1_000_000,
        "disk_used_percent": round(100 * disk.used / disk.total),
        "certificate_days": certificate_days(app),
        "maintenance": app.maintenance.exists(),
        "variables": [entry["name"] for entry in settings.listed(app)],
    }
    print(json.dumps(facts) if words else "\n".join(told(facts)))
    return 0


def told(facts: Facts) -> list[str]:
    """Return the status as lines."""
    release = facts["release"]
    return [
        f"{facts['name']}: {facts['url']}",
        "  ".join(["release", *described(release)]) if release else "no release yet",
        f"directly: {facts['direct']}; through nginx: {facts['nginx']}",
        *(
            f"{one['name']}: {one['state']} for {one['uptime']} s, {one['restarts']} restarts, "
            f"{one['megabytes']} MB"
            for one in facts["processes"]
        ),
        f"disk: {facts['disk_used_percent']} % used, {facts['disk_free_megabytes']} MB free",
        f"certificate: {facts['certificate_days']} days",
        f"maintenance: {'on' if facts['maintenance'] else 'off'}",
        f"variables: {', '.join(facts['variables'])}",
    ]


def process(unit: str) -> Facts:
    """Return what systemd and the kernel know of a unit."""
    properties = "ActiveState,NRestarts,MainPID,ActiveEnterTimestampMonotonic"
    shown = call(systemctl("show", f"--property={properties}", unit))
    known = dict(line.split("=", 1) for line in shown.splitlines())
    since = int(known["ActiveEnterTimestampMonotonic"] or 0) / 1_000_000
    return {
        "name": "-".join(map(str, processes.parts(unit))),
        "state": known["ActiveState"],
        "restarts": int(known["NRestarts"]),
        "uptime": round(time.clock_gettime(time.CLOCK_MONOTONIC) - since),
        "megabytes": memory(known["MainPID"]) // 1_000_000,
    }


def memory(first: str) -> int:
    """Return the bytes of a process and all that belong to it; what several share counts once.

    systemd itself counts only where the kernel lets a user's units have accounts.
    """
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended, or is somebody else's
            if (process / "cgroup").read_text() == Path(f"/proc/{first}/cgroup").read_text():
                shown = (process / "smaps_rollup").read_text()
                total += int(shown.partition("\nPss:")[2].split()[0]) * 1024
    return total


def certificate_days(app: App) -> int | None:
    """Return for how many days the certificate is good, as nginx shows it."""
    words = ["openssl", "s_client", "-connect", "127.0.0.1:443", "-servername", app.domain]
    shown = subprocess.run(words, input=b"", capture_output=True, check=False).stdout
    words = ["openssl", "x509", "-noout", "-enddate", "-dateopt", "iso_8601"]
    done = subprocess.run(words, input=shown, capture_output=True, check=False)
    if done.returncode:
        return None
    end = done.stdout.decode().strip().partition("=")[2]
    return int((time.mktime(time.strptime(end, "%Y-%m-%d %H:%M:%SZ")) - time.time()) // 86_400)


def history(app: App, words: list[str]) -> int:
    """Tell what was deployed, the newest first."""
    live = releases.live(app)
    known = [one.record | {"live": one == live} for one in reversed(releases.all_of(app))]
    if words:
        print(json.dumps(known))
        return 0
    print(table([[*described(one), *result(one)] for one in known]), end="")
    return 0


def result(record: Facts) -> list[str]:
    """Return what became of a release, and why."""
    known = "live now" if record["live"] else record.get("result") or "being made"
    return [known, record.get("reason", "")]


def described(record: Facts) -> list[str]:
    """Return what a release is: number, kind, commit, who made it, when."""
    at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(record["at"]))
    return [str(record["number"]), record["kind"], record["commit"][:9], record["who"], at]


def build_logs(app: App, words: list[str]) -> int:
    """Show what was written while a release was made: the last one, or that number."""
    wanted = [one for one in releases.all_of(app) if words in ([], [str(one.number)])]
    if not wanted:
        raise Refused("There is no such release. `hosting releases` names all.")
    print(wanted[-1].log.read_text(), end="")
    return 0


def logs(app: App, words: list[str]) -> int:
    """Show the journal: PROCESS|- FROM|- TO|- LINES|- follow|stop, times in unix seconds."""
    name, since, until, lines, follow = words
    if not all(word == "-" or word.isdigit() for word in (since, until, lines)):
        raise Misused("Times are seconds of the unix clock here.")
    if name != "-" and not name.isidentifier():
        raise Misused("There is no such process.")
    command = ["journalctl", "--user", "--quiet", "--no-pager", "--output=short-iso"]
    command += ["_SYSTEMD_USER_SLICE=processes.slice"]
    command += [] if name == "-" else [f"SYSLOG_IDENTIFIER={name}"]
    command += [] if since == "-" else [f"--since=@{since}"]
    command += [] if until == "-" else [f"--until=@{until}"]
    command += [] if lines == "-" else [f"--lines={lines}"]
    return supervised([*command, "--follow"] if follow == "follow" else command)
