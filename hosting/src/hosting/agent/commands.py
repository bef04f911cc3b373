"""Commands that change an app, and `init`, which setup runs. Queries are in queries.py."""

import html
import json
import secrets
import sys
import time

from . import log_stream, postgres, processes, releases, settings
from .paths import App, CommandError, UsageError, acquire_lock, call, now, write
from .processes import systemctl
from .table import table


def init(app: App) -> None:
    """Create the repository, the units and the first settings. Idempotent."""
    processes.unit_folder(app).mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (app.repo / "HEAD").is_file():
        call(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(app.repo)])
    has_redis = "REDIS_URL" in app.site()["variables"]
    key = app.root / "config/digest.key"
    if not key.is_file():
        write(key, secrets.token_hex())
        settings.save(app, {"set": {"SECRET_KEY": secrets.token_urlsafe(48)}})
    if has_redis and not settings.read(app.settings)["scale"]:
        settings.save(app, {"scale": {"worker": 1}})
    for name in processes.OWN_UNITS:
        processes.write_unit(app, name)
    has_postgres = "DATABASE_URL" in app.site()["variables"]
    if has_postgres:
        postgres.initialize(app)
    call(systemctl("daemon-reload"))
    call(systemctl("enable", "reconcile.service"))
    call(systemctl("enable", "--now", *processes.services(app)))
    if has_postgres:
        postgres.create_database(app)


def config(app: App, arguments: list[str]) -> int:
    """`config list`, `config unset NAME…`; `config set|stage` with {"set": …} on stdin.

    `stage` keeps the change for the next push.
    """
    if arguments[0] == "list":
        variables = settings.listed(app)
        ages = [f"{(now() - one['since']) / 86_400:.1f} days" for one in variables]
        rows = [
            [one["name"], age, one["digest"]] for one, age in zip(variables, ages, strict=True)
        ]
        print(f"{json.dumps(variables)}\n" if arguments[1:] else table(rows), end="")
        return 0
    is_unset = arguments[0] == "unset"
    change = {"unset": arguments[1:]} if is_unset else json.loads(sys.stdin.read())
    names = ", ".join([*change.get("set", {}), *change.get("unset", [])])
    settings.apply(settings.read(app.settings), change)  # raises if the change is invalid
    if names:
        app.audit(f"config: {names}")
    if releases.live(app) is None:
        with app.lock():
            settings.save(app, change)
        print(f"Saved for the first release: {names}")
        return 0
    if arguments == ["stage"]:
        write(app.staged_change, json.dumps(change))  # dropped if that push is rejected
        return 0
    return log_stream.deploy_or_fail(app, "config", change=change)


def rollback(app: App, arguments: list[str]) -> int:
    """Deploy the code and settings of an earlier release again."""
    number = int(arguments[0]) if arguments else None
    acquire_lock(app.root / "state/push.lock")  # until this process exits: pushes move main, too
    target = releases.rollback_target(app, number)
    newer = migrations(releases.require_live(app)) - migrations(target)
    if newer:
        print(f"Migrations since release {target.number} are not reverted: {min(newer)} ...")
    return log_stream.deploy_or_fail(app, "rollback", of=target.number)


def migrations(release: releases.Release) -> set[str]:
    """Return the names of a release's migrations."""
    return {file.name for file in (release.src / "migrations/versions").glob("*.py")}


def restart(app: App, arguments: list[str]) -> int:
    """Restart the app as a new release of the same code, or the processes of one name."""
    release = releases.require_live(app)
    if not arguments or arguments == ["web"]:
        return log_stream.deploy_or_fail(app, "restart")
    name = arguments[0]
    units = [unit for unit in processes.units_of(release) if processes.parse_unit(unit)[0] == name]
    if not units:
        raise CommandError(f"No process {name!r} is running. See: hosting status")
    app.audit(f"restart: {name}")
    call(systemctl("restart", *units))
    print(f"Restarted: {', '.join(units)}")
    return 0


def scale(app: App, arguments: list[str]) -> int:
    """`scale web=3 worker=2`: set the number of processes."""
    pairs = dict(word.split("=", 1) for word in arguments if "=" in word)
    if not pairs or len(pairs) != len(arguments) or not all(n.isdigit() for n in pairs.values()):
        raise UsageError("Name processes and their numbers: hosting scale web=3 worker=2")
    numbers = {name: int(number) for name, number in pairs.items()}
    if numbers.get("web") == 0 or max(numbers.values()) > 64:
        raise UsageError("Numbers range from 0 to 64; web needs at least 1.")
    return log_stream.deploy_or_fail(app, "scale", change={"scale": numbers})


def maintenance(app: App, arguments: list[str]) -> int:
    """`maintenance on MESSAGE`, `maintenance off`."""
    if arguments[0] == "on":
        app.maintenance.write_text(html.escape(" ".join(arguments[1:])))
        app.maintenance.chmod(0o640)
    else:
        app.maintenance.unlink(missing_ok=True)
    app.audit(f"maintenance: {arguments[0]}")
    print(f"Maintenance mode {arguments[0]} since {time.strftime('%H:%M:%S UTC', time.gmtime())}.")
    return 0


def run(app: App, arguments: list[str]) -> int:
    """Run a command in the live release, with its environment."""
    release = releases.require_live(app)
    if not arguments:
        raise UsageError("Name a command: hosting run -- COMMAND")
    app.audit(f"run: {arguments[0]}")
    return processes.run_in_unit(release, arguments)
