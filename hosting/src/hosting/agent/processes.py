"""Processes as units of the user's systemd: `process-web@12-1` is the first of release 12."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from . import manifest, settings
from .paths import App, CommandError, call, now, write
from .releases import Release

START_DELAY = 10  # seconds within which systemd starts a requested deploy
UNITS = Path(__file__).parent / "units"
OWN_UNITS = (
    "deploy@.service", "reconcile.service", "redis.service", "postgres.service",
    "check.service", "check.timer", "drill.service", "drill.timer", "forward@.socket",
    "forward@.service",
)  # fmt: skip
PROCESS_NAME = re.compile(r"[a-z][a-z0-9_-]*")
UNIT_NAME = re.compile(r"process-([a-z][a-z0-9_-]*)@(\d+)-(\d+)\.service")


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
    forwarder = [release.forwarder] if release.record.get("forwarded") else []
    return forwarder + [
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
            f"Invalid process name {invalid[0]!r} in the Procfile: use a-z, 0-9, _ and - only."
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
    environment = {
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
        "PORT": str(release.record["port"]),
    }
    if not uses_reuse_port(release):
        own = environment.get("GUNICORN_CMD_ARGS", "")
        environment["GUNICORN_CMD_ARGS"] = f"{own} --bind unix:{release.socket}".strip()
    return environment


def masked(text: str, release: Release) -> str:
    """Return `text` with the values of a release's variables masked."""
    return settings.mask(text, [*settings.values(settings.read(release.settings)).values()])


def uses_reuse_port(release: Release) -> bool:
    """Return True if gunicorn is configured with `reuse_port`, which unix sockets do not have."""
    texts = [procfile(release)["web"], manifest.text(release.src / "gunicorn.conf.py")]
    return any(re.search(r"\breuse[-_]port\b", text) for text in texts)


def install_units(release: Release) -> None:
    """Write the unit templates of the processes in the Procfile."""
    for process in set(procfile(release)) - {"release"}:
        write_unit(release.app, "process@.service", process)
    call(systemctl("daemon-reload"))


def write_unit(app: App, name: str, process: str = "", **values: str) -> None:
    """Write a file from units/ for an app, or for one of its processes or cron entries."""
    text = (UNITS / name).read_text()
    text = text.format(root=app.root, name=app.name, process=process, **values)
    file = re.sub("^(process|cron)", rf"\1-{process}", name) if process else name
    write(unit_folder(app) / file, text)


def unit_folder(app: App) -> Path:
    """Return the directory of the app's units."""
    return app.root / ".config/systemd/user"


def execute(app: App, name: str, instance: str) -> None:
    """Replace this process by a process of a release, such as `web` of instance `12-1`."""
    release = Release(app, int(instance.partition("-")[0]))
    execute_shell(release, procfile(release)[name])


def execute_shell(release: Release, command: str) -> None:
    """Replace this process by a shell command of a release."""
    os.chdir(release.src)
    shell = ["/bin/sh", "-c", command]
    os.execve(shell[0], shell, environment(release))  # noqa: S606 - a Procfile line is shell


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


def members(main_pid: str) -> Iterator[Path]:
    """Yield the directories in /proc of all processes in the control group of one of them."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just exited
            if (process / "cgroup").read_text() == Path(f"/proc/{main_pid}/cgroup").read_text():
                yield process


def services(app: App) -> list[str]:
    """Return the units that always run, besides the processes of a release."""
    variables = app.site()["variables"]
    postgres = ["postgres.service", "drill.timer"] if "DATABASE_URL" in variables else []
    redis = ["redis.service"] if "REDIS_URL" in variables else []
    return [*postgres, *redis, "check.timer"]


def expected(app: App, release: Release | None) -> list[str]:
    """Return the units that must run while `release` is the live one."""
    return [*services(app), *([*units_of(release), *timers(release)] if release else [])]


def timers(release: Release) -> list[str]:
    """Return the timers of a release's cron entries."""
    return [f"cron-{name}.timer" for name in manifest.read(release.src).cron]


def parse_unit(name: str) -> tuple[str, int, int]:
    """Return process, release number and index from a unit name."""
    match = UNIT_NAME.fullmatch(name)
    return (match[1], int(match[2]), int(match[3])) if match else (name, 0, 0)


def connections(socket: Path, table: str) -> int:
    """Count accepted and queued connections of a unix socket, given /proc/net/unix."""
    rows = [line.split() for line in table.splitlines()]
    # State 01 in the sixth column is the listening socket itself.
    return sum(len(row) > 7 and row[7] == str(socket) and row[5] != "01" for row in rows)


def run_in_unit(release: Release, words: list[str]) -> int:
    """Run a command of a release in a unit of its own, with our standard streams.

    All of its processes end with the ssh connection, also those in the background.
    """
    name = f"run-{os.getpid()}-{now()}.service"
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(130))  # its terminal was closed
    options = ["--quiet", "--pipe", "--wait", "--collect", f"--unit={name}"]
    options += ["--property=KillSignal=SIGINT", "--property=TimeoutStopSec=5"]
    encoded = json.dumps(words).encode().hex()  # systemd would replace `$` and `%`
    agent = ["/usr/bin/python3", "-I", f"{release.app.root}/hosting", "exec-run"]
    command = [*agent, str(release.number), encoded]
    if sys.stdin.isatty():
        options.append(f"--setenv=TERM={os.environ.get('TERM', 'dumb')}")
        # A terminal of its own; `systemd-run --pty` of systemd 252 may lose the last output.
        command = ["script", "--quiet", "--return", "--command", " ".join(command), "/dev/null"]
    try:
        return run_while_connected(["systemd-run", "--user", *options, "--", *command])
    finally:
        subprocess.run(systemctl("stop", name), capture_output=True, check=False)


def execute_run(app: App, number: int, encoded: str) -> None:
    """Replace this process by a command in a release."""
    release, words = Release(app, number), json.loads(bytes.fromhex(encoded))
    os.chdir(release.src)
    os.umask(0o027)
    variables = environment(release) | {"TERM": os.environ.get("TERM", "dumb")}
    try:
        os.execvpe(words[0], words, variables)  # noqa: S606 - no shell is wanted
    except OSError as error:
        raise CommandError(f"Cannot run {words[0]}: {error.strerror}.") from None


def run_while_connected(command: list[str]) -> int:
    """Run a program with our standard streams; interrupt it when the ssh connection closes."""
    program = subprocess.Popen(command)
    parent = os.getppid()
    while True:
        try:
            code = program.wait(0.2)
        except subprocess.TimeoutExpired:
            if os.getppid() != parent:  # sshd has exited
                program.kill()
                return 130
        else:
            return code if code >= 0 else 128 - code
