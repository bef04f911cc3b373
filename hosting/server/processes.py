"""Processes of a release: units of systemd's, `process-web@12-1` for the first of release 12."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from . import settings
from .places import App, Refused, call, now, write
from .releases import Release

BEGINNING = 10  # seconds from asking systemd for a deploy to its first line
UNITS = Path(__file__).parent / "units"
OWN = ("deploy@.service", "recover.service", "redis.service", "backup.service", "backup.timer")
KIND = re.compile(r"[a-z][a-z0-9_]*")
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
    found = dict(re.findall(r"^([\w-]+):[ \t]*(.+)$", text, re.MULTILINE))
    odd = [name for name in found if not KIND.fullmatch(name)]
    if odd:
        raise Refused(
            f"The Procfile has a process {odd[0]!r}: small letters, digits and _ make its name."
        )
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
        "HOME": f"{app.root}/home",
        "USER": app.name,
        "PATH": f"{release.venv}/bin:/usr/local/bin:/usr/bin:/bin",
        "STATIC_COLLECTED": f"{app.root}/static",
        "FLASKY_RELEASE": str(release.number),
        "FLASKY_COMMIT": str(release.record["commit"]),
        "GUNICORN_CMD_ARGS": f"--bind unix:{release.socket}",
    }


def install(release: Release) -> None:
    """Let systemd know the kinds of processes that the Procfile names."""
    kinds = set(procfile(release)) - {"release"}
    are_new = [write_unit(release.app, "process@.service", process) for process in kinds]
    if any(are_new):
        call(systemctl("daemon-reload"))


def write_unit(app: App, name: str, process: str = "") -> bool:
    """Write one of the files in units/ for an app, or for one of its processes; was it new?"""
    text = (UNITS / name).read_text().format(root=app.root, name=app.name, process=process)
    file = app.root / ".config/systemd/user" / (f"process-{process}@.service" if process else name)
    is_new = not file.is_file() or file.read_text() != text
    if is_new:
        write(file, text)
    return is_new


def execute(app: App, name: str, instance: str) -> None:
    """Become the process that systemd has asked for: `web`, `12-1`."""
    release = Release(app, int(instance.partition("-")[0]))
    os.chdir(release.src)
    command = ["/bin/sh", "-c", procfile(release)[name]]
    os.execve(command[0], command, environment(release))  # noqa: S606 - the shell is the command


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


def running() -> list[str]:
    """Return the units that run, or try to."""
    words = ("list-units", "--plain", "--no-legend", "--all", "--full", "process-*")
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


def supervised(
    command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None
) -> int:
    """Run a program with our input and output, for as long as the client is there."""
    try:
        path = shutil.which(command[0], path=(env or os.environ).get("PATH")) or command[0]
        program = subprocess.Popen([path, *command[1:]], cwd=cwd, env=env)
    except OSError as error:
        raise Refused(f"{command[0]} cannot be run: {error.strerror}.") from None
    parent = os.getppid()
    while True:
        try:
            code = program.wait(0.2)
        except subprocess.TimeoutExpired:
            if os.getppid() != parent:  # sshd has gone, and the client with it
                program.send_signal(signal.SIGINT)
                try:
                    program.wait(5)
                except subprocess.TimeoutExpired:
                    program.kill()
                return 130
        else:
            return code if code >= 0 else 128 - code
