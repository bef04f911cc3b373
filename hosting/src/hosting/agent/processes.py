"""Processes as units of the user's systemd: `process-web@12-1` is the first of release 12."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from . import manifest, settings
from .paths import App, CommandError, call, now, write
from .releases import Release

START_DELAY = 10  # seconds within which systemd starts a requested deploy
UNITS = Path(__file__).parent / "units"
OWN_UNITS = (
    "deploy@.service", "reconcile.service", "redis.service", "backup.service", "backup.timer",
)  # fmt: skip
PROCESS_NAME = re.compile(r"[a-z][a-z0-9_]*")
UNIT_NAME = re.compile(r"process-([a-z][a-z0-9_]*)@(\d+)-(\d+)\.service")


def systemctl(*arguments: str) -> list[str]:
    """Return the command for the user's systemd."""
    return ["systemctl", "--user", *arguments]


def unit(process: str, number: int, index: int) -> str:
    """Return the unit name of one process of a release."""
    return f"process-{process}@{number}-{index}.service"


def units_of(release: Release) -> list[str]:
    """Return the units of a live release: one for web, the others as often as scaled."""
    scale = settings.read(release.settings)["scale"]
    counts = {name: scale.get(name, 0) for name in procfile(release)} | {"web": 1, "release": 0}
    return [
        unit(name, release.number, index)
        for name, count in counts.items()
        for index in range(1, count + 1)
    ]


def procfile(release: Release) -> dict[str, str]:
    """Return the commands in the Procfile by process name."""
    try:
        text = (release.src / "Procfile").read_text()
    except FileNotFoundError:
        raise CommandError("The repository has no Procfile.") from None
    commands = dict(re.findall(r"^([\w-]+):[ \t]*(.+)$", text, re.MULTILINE))
    invalid = [name for name in commands if not PROCESS_NAME.fullmatch(name)]
    if invalid:
        raise CommandError(
            f"Invalid process name {invalid[0]!r} in the Procfile: use a-z, 0-9 and _ only."
        )
    if "web" not in commands:
        raise CommandError("The Procfile has no line that starts with `web:`.")
    return commands


def environment(release: Release) -> dict[str, str]:
    """Return the environment of a release: defaults, then the user's settings, then fixed ones."""
    app = release.app
    chosen = settings.read(release.settings)
    web = chosen["scale"].get("web")
    defaults = manifest.read(release.src).env
    return {
        "LANG": "C.UTF-8",
        "TRUSTED_PROXY_COUNT": "1",
        **{name: str(value) for name, value in defaults.items()},
        **({"WEB_CONCURRENCY": str(web)} if web else {}),
        **app.site()["variables"],
        **settings.values(chosen),
        "HOME": f"{app.root}/home",
        "USER": app.name,
        "PATH": f"{release.venv}/bin:/usr/local/bin:/usr/bin:/bin",
        "STATIC_ROOT": f"{app.root}/static",
        "RELEASE": str(release.number),
        "COMMIT": str(release.record["commit"]),
        "GUNICORN_CMD_ARGS": f"--bind unix:{release.socket}",
    }


def install_units(release: Release) -> None:
    """Write the unit templates of the processes in the Procfile."""
    for process in set(procfile(release)) - {"release"}:
        write_unit(release.app, "process@.service", process)
    call(systemctl("daemon-reload"))


def write_unit(app: App, name: str, process: str = "") -> None:
    """Write a file from units/ for an app, or for one of its processes."""
    text = (UNITS / name).read_text().format(root=app.root, name=app.name, process=process)
    file = f"process-{process}@.service" if process else name
    write(app.root / ".config/systemd/user" / file, text)


def execute(app: App, name: str, instance: str) -> None:
    """Replace this process by a process of a release, such as `web` of instance `12-1`."""
    release = Release(app, int(instance.partition("-")[0]))
    os.chdir(release.src)
    command = ["/bin/sh", "-c", procfile(release)[name]]
    os.execve(command[0], command, environment(release))  # noqa: S606 - a Procfile line is shell


def deploy_state(release: Release) -> str:
    """Return the state of the systemd unit that deploys a release."""
    name = f"deploy@{release.number}.service"
    return call(systemctl("show", "--value", "--property=ActiveState", name)).strip()


def is_deploying(release: Release) -> bool:
    """Return True if a deploy of the release is running, waiting, or about to start."""
    state = deploy_state(release)
    # Requests from before the last boot are never started.
    oldest = max(now() - START_DELAY, manager_started())
    is_new = release.request_file.exists() and int(release.record["at"]) > oldest
    return state in ("activating", "active") or (state == "inactive" and is_new)


def manager_started() -> int:
    """Return the Unix time at which the user's systemd started."""
    show = systemctl("show", "--value", "--timestamp=unix", "--property=UserspaceTimestamp")
    return int(call(show).strip().lstrip("@") or 0)


def running() -> list[str]:
    """Return the units of all processes that systemd has loaded."""
    arguments = ("list-units", "--plain", "--no-legend", "--all", "--full", "process-*")
    return [line.split()[0] for line in call(systemctl(*arguments)).splitlines() if line.split()]


def parse_unit(name: str) -> tuple[str, int, int]:
    """Return process, release number and index from a unit name."""
    match = UNIT_NAME.fullmatch(name)
    return (match[1], int(match[2]), int(match[3])) if match else (name, 0, 0)


def connections(socket: Path, table: str) -> int:
    """Count accepted and queued connections of a unix socket, given /proc/net/unix."""
    rows = [line.split() for line in table.splitlines()]
    # State 01 in the sixth column is the listening socket itself.
    return sum(len(row) > 7 and row[7] == str(socket) and row[5] != "01" for row in rows)


def run_while_connected(
    command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None
) -> int:
    """Run a program with our standard streams; interrupt it when the ssh connection closes."""
    try:
        path = shutil.which(command[0], path=(env or os.environ).get("PATH")) or command[0]
        program = subprocess.Popen([path, *command[1:]], cwd=cwd, env=env)
    except OSError as error:
        raise CommandError(f"Cannot run {command[0]}: {error.strerror}.") from None
    parent = os.getppid()
    while True:
        try:
            code = program.wait(0.2)
        except subprocess.TimeoutExpired:
            if os.getppid() != parent:  # sshd has exited
                program.send_signal(signal.SIGINT)
                try:
                    program.wait(5)
                except subprocess.TimeoutExpired:
                    program.kill()
                return 130
        else:
            return code if code >= 0 else 128 - code
