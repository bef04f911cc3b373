"""What a key may ask for, but for git's own: one function for each word."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import PROTOCOL, probes, processes, relay, releases, settings
from .places import App, Refused, now, who, write
from .processes import call, systemctl

FOLDERS = (
    "config", "state", "releases", "venvs", "backups", "redis", ".ssh", ".config/systemd/user"
)  # fmt: skip
HOOK = "#!/bin/sh\nexec /usr/bin/python3 -I {root}/hosting hook\n"


def init(app: App) -> None:
    """Make what belongs to the app's user. Doing it again changes nothing."""
    for folder in FOLDERS:
        (app.root / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (app.repo / "HEAD").is_file():
        call(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(app.repo)])
    hook = app.repo / "hooks/pre-receive"
    write(hook, HOOK.format(root=app.root))
    hook.chmod(0o700)
    key = app.root / "config/digest.key"
    if not key.is_file():
        write(key, secrets.token_hex())
        settings.stage(app, {"set": {"SECRET_KEY": secrets.token_urlsafe(48)}})
    if app.site()["variables"].get("REDIS_URL") and not settings.read(app.settings)["scale"]:
        settings.stage(app, {"scale": {"worker": 1}})
    units = {
        "deploy@": processes.DEPLOY, "recover": processes.RECOVER,
        "redis": processes.REDIS, "backup": processes.BACKUP,
    }  # fmt: skip
    for name, text in units.items():
        words = {"root": app.root, "name": app.name}
        write(app.root / f".config/systemd/user/{name}.service", text.format(**words))
    write(app.root / ".config/systemd/user/backup.timer", processes.DAILY)
    call(systemctl("daemon-reload"))
    call(systemctl("enable", "recover.service"))
    call(systemctl("enable", "--now", "backup.timer"))
    if app.site()["variables"].get("REDIS_URL"):
        call(systemctl("enable", "--now", "redis.service"))


def hello(app: App, _words: list[str]) -> int:
    """Say who is there."""
    print(json.dumps({"app": app.name, "protocol": PROTOCOL, "who": who(), "url": url(app)}))
    return 0


def url(app: App) -> str:
    """Return the address of the site."""
    return str(app.site()["variables"]["FLASKY_URL"])


def status(app: App, _words: list[str]) -> int:
    """Tell what is live, what runs, and what is left of disk and certificate."""
    release = releases.live(app)
    facts = "ActiveState,NRestarts,MemoryCurrent,ActiveEnterTimestampMonotonic"
    found = []
    for unit in processes.running():
        shown = call(systemctl("show", f"--property={facts}", unit))
        of = dict(line.split("=", 1) for line in shown.splitlines())
        since = int(of["ActiveEnterTimestampMonotonic"] or 0) / 1_000_000
        found.append(
            {
                "name": "-".join(map(str, processes.parts(unit))),
                "state": of["ActiveState"],
                "restarts": int(of["NRestarts"]),
                "megabytes": int(of["MemoryCurrent"]) // 1_000_000
                if of["MemoryCurrent"].isdigit()
                else None,
                "uptime": round(time.clock_gettime(time.CLOCK_MONOTONIC) - since),
            }
        )
    disk = shutil.disk_usage(app.root)
    answer = {
        "name": app.name,
        "url": url(app),
        "release": release.record if release else None,
        "processes": found,
        "direct": probes.direct(release) if release else "no release",
        "nginx": probes.through_nginx(app),
        "maintenance": app.maintenance.exists(),
        "disk_free_megabytes": disk.free // 1_000_000,
        "disk_used_percent": round(100 * disk.used / disk.total),
        "certificate_days": certificate_days(app),
        "variables": [entry["name"] for entry in settings.listed(app)],
    }
    print(json.dumps(answer))
    return 0


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


def releases_(app: App, _words: list[str]) -> int:
    """Tell the history, the newest first."""
    live = releases.live(app)
    history = [one.record | {"live": one == live} for one in reversed(releases.all_of(app))]
    print(json.dumps(history))
    return 0


def build_log(app: App, words: list[str]) -> int:
    """Show what was written while a release was made: the last one, or that number."""
    everything = releases.all_of(app)
    wanted = [one for one in everything if words in ([], [str(one.number)])]
    if not wanted:
        raise Refused("There is no such release. `hosting releases` names all.")
    print(wanted[-1].log.read_text(), end="")
    return 0


def logs(app: App, words: list[str]) -> int:
    """Show the journal: PROCESS|- FROM|- TO|- LINES|- follow|stop, times in unix seconds."""
    process, since, until, lines, follow = words
    if not all(word == "-" or word.isdigit() for word in (since, until, lines)):
        raise Refused("Times are seconds of the unix clock here.")
    if process != "-" and not process.isidentifier():
        raise Refused("There is no such process.")
    command = ["journalctl", "--user", "--quiet", "--no-pager", "--output=short-iso"]
    command += ["_SYSTEMD_USER_SLICE=processes.slice"]
    command += [] if process == "-" else [f"SYSLOG_IDENTIFIER={process}"]
    command += [] if since == "-" else [f"--since=@{since}"]
    command += [] if until == "-" else [f"--until=@{until}"]
    command += [] if lines == "-" else [f"--lines={lines}"]
    return supervised([*command, "--follow"] if follow == "follow" else command)


def config(app: App, words: list[str]) -> int:
    """`config list`; `config set|stage` with {"set": …, "unset": …} on stdin, values and all."""
    if words == ["list"]:
        print(json.dumps(settings.listed(app)))
        return 0
    change = json.loads(sys.stdin.read())
    names = ", ".join([*change.get("set", {}), *change.get("unset", [])])
    app.audit(f"config: {names}")
    settings.changed(settings.read(app.settings), change)  # refuses what cannot be
    if words == ["stage"] or releases.live(app) is None:
        settings.stage(app, change)
        print(f"The next release will have it: {names}")
        return 0
    return relay.deploy(app, "config", change=change)


def rollback(app: App, words: list[str]) -> int:
    """Make a new release of the code and the settings of an earlier one."""
    number = int(words[0]) if words else None
    origin = releases.to_go_back_to(app, number)
    newer = migrations(releases.must_be_live(app)) - migrations(origin)
    if newer:
        print(f"The database is ahead of release {origin.number} and stays so: {min(newer)} …")
    return relay.deploy(app, "rollback", of=origin.number)


def migrations(release: releases.Release) -> set[str]:
    """Return the names of a release's migrations."""
    return {file.name for file in (release.src / "migrations/versions").glob("*.py")}


def restart(app: App, words: list[str]) -> int:
    """Start everything anew as a release of the same code; or one kind of process but web."""
    release = releases.must_be_live(app)
    if not words or words == ["web"]:
        return relay.deploy(app, "restart")
    units = [unit for unit in processes.units_of(release) if processes.parts(unit)[0] == words[0]]
    if not units:
        raise Refused(f"No process {words[0]!r} runs. `hosting status` names all.")
    app.audit(f"restart: {words[0]}")
    call(systemctl("restart", *units))
    print(f"Restarted: {', '.join(units)}")
    return 0


def scale(app: App, words: list[str]) -> int:
    """`scale web=3 worker=2`: how many processes of each kind."""
    pairs = dict(word.split("=", 1) for word in words if "=" in word)
    if not pairs or len(pairs) != len(words) or not all(n.isdigit() for n in pairs.values()):
        raise Refused("Say how many of each: hosting scale web=3 worker=2")
    numbers = {name: int(number) for name, number in pairs.items()}
    if numbers.get("web") == 0 or max(numbers.values()) > 64:
        raise Refused("web has at least one process, and no kind more than 64.")
    return relay.deploy(app, "scale", change={"scale": numbers})


def maintenance(app: App, words: list[str]) -> int:
    """`maintenance on MESSAGE`, `maintenance off`."""
    if words[:1] == ["on"]:
        text = " ".join(words[1:]).replace("&", "&amp;").replace("<", "&lt;")
        app.maintenance.write_text(text)
        app.maintenance.chmod(0o640)
    else:
        app.maintenance.unlink(missing_ok=True)
    app.audit(f"maintenance: {words[0]}")
    print(f"Maintenance is {words[0]} since {time.strftime('%H:%M:%S UTC', time.gmtime(now()))}.")
    return 0


def run(app: App, words: list[str]) -> int:
    """Run a command in the live release, with its environment."""
    release = releases.must_be_live(app)
    if not words:
        raise Refused("Say what to run: hosting run -- flask users list")
    app.audit(f"run: {words[0]}")
    return supervised(words, release.src, processes.environment(release))


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
