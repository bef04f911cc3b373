"""Processes of a release: units of systemd's, `process-web@12-1` for the first of release 12."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import settings
from .places import App, Refused, now, write
from .releases import Release

BEGINNING = 10  # seconds from asking systemd for a deploy to its first line
TEMPLATE = """[Unit]
Description={process} of {name}, release %i
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=/usr/bin/python3 -I {root}/hosting exec {process} %i
# The log is asked for by these two; units come and go.
Slice=processes.slice
SyslogIdentifier={process}
Restart=always
RestartSec=1
TimeoutStopSec=40
KillMode=control-group
OOMPolicy=continue
UMask=0027
NoNewPrivileges=yes
LimitNOFILE=65536
"""
DEPLOY = """[Unit]
Description=release %i of {name} is made
# What was rejected is no failure of the server's: `hosting releases` tells it.
CollectMode=inactive-or-failed

[Service]
Type=oneshot
TimeoutStartSec=1800
UMask=0027
ExecStart=/usr/bin/python3 -I {root}/hosting perform %i
ExecStopPost=/usr/bin/python3 -I {root}/hosting recover
"""
RECOVER = """[Unit]
Description={name} is brought back after the server has started

[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -I {root}/hosting recover

[Install]
WantedBy=default.target
"""
REDIS = """[Unit]
Description=Redis of {name} alone

[Service]
Type=notify
ExecStart=/usr/bin/redis-server --supervised systemd --daemonize no --port 0 --dir {root}/redis \\
    --unixsocket {root}/redis/socket --unixsocketperm 700 --appendonly yes
Restart=always

[Install]
WantedBy=default.target
"""
BACKUP = """[Unit]
Description=the daily backup of {name}

[Service]
Type=oneshot
UMask=0077
ExecStart=/usr/bin/python3 -I {root}/hosting backup
"""
DAILY = """[Timer]
OnCalendar=daily
RandomizedDelaySec=1h
Persistent=yes

[Install]
WantedBy=timers.target
"""
UNIT = re.compile(r"process-([a-z][a-z0-9_]*)@(\d+)-(\d+)\.service")


def systemctl(*words: str) -> list[str]:
    """Return the command that talks to the user's own systemd."""
    return ["systemctl", "--user", *words]


def unit(process: str, number: int, index: int) -> str:
    """Return the name of the unit of one process of a release."""
    return f"process-{process}@{number}-{index}.service"


def units_of(release: Release) -> list[str]:
    """Return the units that a live release has: one for web, and others as they are scaled."""
    scale = settings.read(release.settings)["scale"]
    names = [name for name in procfile(release) if name not in ("web", "release")]
    others = [
        unit(name, release.number, index)
        for name in names
        for index in range(1, scale.get(name, 0) + 1)
    ]
    return [unit("web", release.number, 1), *others]


def procfile(release: Release) -> dict[str, str]:
    """Return the commands of the Procfile by their names."""
    try:
        text = (release.src / "Procfile").read_text()
    except FileNotFoundError:
        raise Refused("There is no Procfile at the top of the repository.") from None
    found = dict(re.findall(r"^([a-z][a-z0-9_]*):[ \t]*(.+)$", text, re.MULTILINE))
    if "web" not in found:
        raise Refused("The Procfile has no line that begins with `web:`.")
    return found


def environment(release: Release) -> dict[str, str]:
    """Return all that a process of `release` gets: setup's, what was set, what is fixed."""
    app = release.app
    chosen = settings.read(release.settings)
    web = chosen["scale"].get("web")
    return {
        "LANG": "C.UTF-8",
        "FLASK_CONFIG": "production",
        "FLASKY_PROXIES": "1",
        **({"WEB_CONCURRENCY": str(web)} if web else {}),
        **app.site()["variables"],
        **settings.values(chosen),
        "HOME": str(app.root),
        "USER": app.name,
        "PATH": f"{release.venv}/bin:/usr/local/bin:/usr/bin:/bin",
        "STATIC_COLLECTED": f"{app.root}/static",
        "FLASKY_RELEASE": str(release.number),
        "FLASKY_COMMIT": str(release.record["commit"]),
        "GUNICORN_CMD_ARGS": f"--bind unix:{release.socket}",
    }


def install(release: Release) -> None:
    """Let systemd know the kinds of processes that the Procfile names."""
    app, is_new = release.app, False
    for process in set(procfile(release)) - {"release"}:
        file = app.root / f".config/systemd/user/process-{process}@.service"
        text = TEMPLATE.format(root=app.root, name=app.name, process=process)
        if not file.is_file() or file.read_text() != text:
            write(file, text)
            is_new = True
    if is_new:
        call(systemctl("daemon-reload"))


def execute(app: App, name: str, instance: str) -> None:
    """Become the process that systemd has asked for: `web`, `12-1`."""
    release = Release(app, int(instance.partition("-")[0]))
    os.chdir(release.src)
    command = ["/bin/sh", "-c", procfile(release)[name]]
    os.execve(command[0], command, environment(release))  # noqa: S606 - the shell is the command


def call(command: Sequence[str], cwd: Path | None = None) -> str:
    """Run a program and return what it printed; its failure is an error of ours."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(
            f"`{' '.join(command)}` failed: {done.stderr.strip() or done.stdout.strip()}"
        )
    return done.stdout


def state_of_deploy(release: Release) -> str:
    """Return what systemd says of the unit that makes a release."""
    name = f"deploy@{release.number}.service"
    return call(systemctl("show", "--value", "--property=ActiveState", name)).strip()


def is_being_made(release: Release) -> bool:
    """Tell whether somebody makes it, or waits for the lock, or is about to be started."""
    state = state_of_deploy(release)
    # What was asked for before the server lost power is nobody's any more, however new it is.
    is_new = release.asked.exists() and int(release.record["at"]) > max(now() - BEGINNING, began())
    return state in ("activating", "active") or (state == "inactive" and is_new)


def began() -> int:
    """Return when the user's systemd was started, in seconds of the unix clock."""
    shown = systemctl("show", "--value", "--timestamp=unix", "--property=UserspaceTimestamp")
    return int(call(shown).strip().lstrip("@") or 0)


def running(pattern: str = "process-*") -> list[str]:
    """Return the units that run, or try to."""
    words = ("list-units", "--plain", "--no-legend", "--all", "--full", pattern)
    return [line.split()[0] for line in call(systemctl(*words)).splitlines() if line.split()]


def parts(name: str) -> tuple[str, int, int]:
    """Return what a unit's name says: the process, the release, and which one it is."""
    found = UNIT.fullmatch(name)
    return (found[1], int(found[2]), int(found[3])) if found else (name, 0, 0)


def connections(socket: Path, table: str) -> int:
    """Count who is connected to a unix socket, or waits there: lines of /proc/net/unix."""
    rows = [line.split() for line in table.splitlines()]
    # The sixth column is 01 for the socket that listens itself.
    return sum(len(row) > 7 and row[7] == str(socket) and row[5] != "01" for row in rows)
