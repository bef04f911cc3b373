"""What a key may do: one function for each word. What it may look at is in looking.py."""

import json
import secrets
import sys
import time

from . import processes, relay, releases, settings
from .places import App, Misused, Refused, call, hold, now, write
from .processes import supervised, systemctl
from .table import table

HOOK = "#!/bin/sh\nexec /usr/bin/python3 -I {root}/hosting hook\n"


def init(app: App) -> None:
    """Make what belongs to the app's user. Doing it again changes nothing."""
    (app.root / ".config/systemd/user").mkdir(mode=0o700, parents=True, exist_ok=True)
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
    for name in processes.OWN:
        processes.write_unit(app, name)
    call(systemctl("daemon-reload"))
    call(systemctl("enable", "recover.service"))
    call(systemctl("enable", "--now", "backup.timer"))
    if app.site()["variables"].get("REDIS_URL"):
        call(systemctl("enable", "--now", "redis.service"))


def config(app: App, words: list[str]) -> int:
    """`config list`, `config unset NAME…`; `config set|stage` with {"set": …} on stdin.

    What is staged is for the push that follows.
    """
    if words[0] == "list":
        shown = settings.listed(app)
        rows = [[one["name"], settings.age(one), one["digest"]] for one in shown]
        print(f"{json.dumps(shown)}\n" if words[1:] else table(rows), end="")
        return 0
    change = {"unset": words[1:]} if words[0] == "unset" else json.loads(sys.stdin.read())
    names = ", ".join([*change.get("set", {}), *change.get("unset", [])])
    settings.changed(settings.read(app.settings), change)  # refuses what cannot be
    app.audit(f"config: {names}")
    if releases.live(app) is None:
        with app.lock():
            settings.stage(app, change)
        print(f"The first release will have it: {names}")
        return 0
    if words == ["stage"]:
        settings.hand_over(app, change)
        return 0
    return relay.deploy(app, "config", change=change)


def rollback(app: App, words: list[str]) -> int:
    """Make a new release of the code and the settings of an earlier one."""
    number = int(words[0]) if words else None
    hold(app.root / "state/push.lock")  # until this process ends: a push changes main as well
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
        raise Misused("Say how many of each: hosting scale web=3 worker=2")
    numbers = {name: int(number) for name, number in pairs.items()}
    if numbers.get("web") == 0 or max(numbers.values()) > 64:
        raise Misused("web has at least one process, and no kind more than 64.")
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
        raise Misused("Say what to run: hosting run -- flask users list")
    app.audit(f"run: {words[0]}")
    return supervised(words, release.src, processes.environment(release))
