"""Commands that change nothing: status, releases and logs. Times are in UTC."""

import json
import shutil
import ssl
import subprocess
import time
from contextlib import suppress
from typing import Any

from . import PROTOCOL, cron, drill, probes, processes, releases, settings
from .paths import App, CommandError, UsageError, call, key_name
from .processes import members, run_while_connected, systemctl
from .table import table

Facts = dict[str, Any]


def hello(app: App, _arguments: list[str]) -> int:
    """Print what `login` needs."""
    url = app.site()["variables"]["SITE_URL"]
    print(json.dumps({"protocol": PROTOCOL, "key": key_name(), "url": url}))
    return 0


def status(app: App, arguments: list[str]) -> int:
    """Print the live release, the processes, disk space and the certificate's remaining days."""
    release = releases.live(app)
    disk = shutil.disk_usage(app.root)
    facts: Facts = {
        "name": app.name,
        "url": app.site()["variables"]["SITE_URL"],
        "release": release.record if release else None,
        "direct": probes.direct(release) if release else "no release",
        "nginx": probes.through_nginx(release) if release else "no release",
        "processes": [process(unit) for unit in all_units(release)],
        "services": [process(unit) for unit in processes.services(app)],
        "cron": cron.runs(release) if release else [],
        "drill": drill.last(app) if "drill.timer" in processes.services(app) else None,
        "disk_free_megabytes": disk.free // 1_000_000,
        "disk_used_percent": round(100 * disk.used / disk.total),
        "certificate_days": certificate_days(app),
        "maintenance": app.maintenance.exists(),
        "variables": [entry["name"] for entry in settings.listed(app)],
    }
    print(json.dumps(facts) if arguments else "\n".join(as_text(facts)))
    return 0


def as_text(facts: Facts) -> list[str]:
    """Return the status as lines."""
    release = facts["release"]
    return [
        f"{facts['name']}: {facts['url']}",
        "  ".join(["release", *describe(release)]) if release else "no release yet",
        f"health check: {facts['direct']}; through nginx: {facts['nginx']}",
        *(
            f"{one['name']}: {one['state']} for {one['uptime']} s, {one['restarts']} restarts, "
            f"{one['megabytes']} MB"
            for one in facts["processes"]
        ),
        *(f"{one['name']}: {one['state']}" for one in facts["services"]),
        *(f"cron {one['name']} ({one['schedule']}): {one['result']}" for one in facts["cron"]),
        *([f"restore drill: {facts['drill']['result']}"] if facts["drill"] else []),
        f"disk: {facts['disk_used_percent']} % used, {facts['disk_free_megabytes']} MB free",
        f"certificate: valid for {facts['certificate_days']} days",
        f"maintenance mode: {'on' if facts['maintenance'] else 'off'}",
        f"variables: {', '.join(facts['variables'])}",
    ]


def all_units(release: releases.Release | None) -> list[str]:
    """Return the units that run, and those that should."""
    wanted = processes.units_of(release) if release else []
    return list(dict.fromkeys([*processes.running(), *wanted]))


def process(unit: str) -> Facts:
    """Return state, restarts, uptime and memory of a unit."""
    properties = "ActiveState,NRestarts,MainPID,ActiveEnterTimestampMonotonic"
    output = call(systemctl("show", f"--property={properties}", unit))
    shown = dict(line.split("=", 1) for line in output.splitlines())
    started = int(shown["ActiveEnterTimestampMonotonic"] or 0) / 1_000_000
    return {
        "name": unit.removeprefix("process-").replace("@", "-").removesuffix(".service"),
        "state": shown["ActiveState"],
        "restarts": int(shown.get("NRestarts", 0)),
        "uptime": round(time.clock_gettime(time.CLOCK_MONOTONIC) - started),
        "megabytes": memory(shown.get("MainPID", "0")) // 1_000_000,
    }


def memory(main_pid: str) -> int:
    """Return the bytes used by all processes of a unit; shared pages are counted once.

    systemd's own MemoryCurrent needs a delegated memory controller, which users may not have.
    """
    total = 0
    for process in members(main_pid):
        with suppress(OSError):  # it has just exited, or belongs to another user
            rollup = (process / "smaps_rollup").read_text()
            total += int(rollup.partition("\nPss:")[2].split()[0]) * 1024
    return total


def certificate_days(app: App) -> int | None:
    """Return how many days the certificate that nginx sends is valid for, or None."""
    try:
        with probes.connect_to_nginx(app) as connection:
            certificate = connection.getpeercert(binary_form=True) or b""
    except OSError:
        return None
    command = ["openssl", "x509", "-inform", "der", "-noout", "-enddate"]
    done = subprocess.run(command, input=certificate, capture_output=True, check=True)
    end = ssl.cert_time_to_seconds(done.stdout.decode().strip().partition("=")[2])
    return int((end - time.time()) // 86_400)


def list_releases(app: App, arguments: list[str]) -> int:
    """Print all releases, newest first."""
    live = releases.live(app)
    records = [one.record | {"live": one == live} for one in reversed(releases.all_releases(app))]
    if arguments:
        print(json.dumps(records))
    else:
        print(
            table([[*describe(one), result(one), one.get("reason", "")] for one in records]),
            end="",
        )
    return 0


def result(record: Facts) -> str:
    """Return the state of a release."""
    return "live now" if record["live"] else record.get("result") or "in progress"


def describe(record: Facts) -> list[str]:
    """Return number, kind, commit, key name and time of a release."""
    at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(record["at"]))
    return [str(record["number"]), record["kind"], record["commit"][:9], record["who"], at]


def build_logs(app: App, arguments: list[str]) -> int:
    """Print the build log of the last release, or of the given number."""
    found = [one for one in releases.all_releases(app) if arguments in ([], [str(one.number)])]
    if not found:
        raise CommandError("No such release. List them: hosting releases")
    print(found[-1].log.read_text(), end="")
    return 0


def logs(app: App, arguments: list[str]) -> int:
    """Print the journal: PROCESS|- FROM|- TO|- LINES|- follow|stop, times in Unix seconds."""
    name, since, until, lines, follow = arguments
    if not all(word == "-" or word.isdigit() for word in (since, until, lines)):
        raise UsageError("Times are Unix timestamps here.")
    if name != "-" and not processes.PROCESS_NAME.fullmatch(name):
        raise UsageError("No such process.")
    command = ["journalctl", "--user", "--quiet", "--no-pager", "--output=short-iso"]
    command += ["_SYSTEMD_USER_SLICE=processes.slice"]
    filters = [("SYSLOG_IDENTIFIER=", name), ("--since=@", since), ("--until=@", until)]
    command += [f"{key}{value}" for key, value in [*filters, ("--lines=", lines)] if value != "-"]
    return run_while_connected([*command, "--follow"] if follow == "follow" else command)
