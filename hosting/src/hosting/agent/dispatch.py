"""Entry point of the agent: commands from ssh keys, from git's hook, from systemd and from setup.

Each ssh key is restricted to `dispatch KEYNAME`; sshd passes what the client requested in
SSH_ORIGINAL_COMMAND. It is split into words, never passed to a shell, and must be listed here.
"""

import os
import shlex
import sys
from collections.abc import Callable

from . import (
    PROTOCOL,
    backups,
    check,
    commands,
    cron,
    deploy,
    drill,
    keys,
    ports,
    processes,
    push,
    queries,
    site,
)
from .paths import App, CommandError, acquire_lock, reason

Command = Callable[[App, list[str]], int]
COMMANDS: dict[str, Command] = {
    "hello": queries.hello,
    "status": queries.status,
    "check": check.command,
    "releases": queries.list_releases,
    "build-logs": queries.build_logs,
    "logs": queries.logs,
    "config": commands.config,
    "rollback": commands.rollback,
    "restart": commands.restart,
    "scale": commands.scale,
    "maintenance": commands.maintenance,
    "run": commands.run,
    "keys": keys.listed,
    "backup": backups.command,
    "drill": drill.run,
}
LOCAL_COMMANDS: dict[str, Callable[[App], int | None]] = {
    "reconcile": deploy.reconcile_unless_deploying,
    "backup": backups.daily,
    "init": commands.init,
    "apply-nginx": site.apply,
    "hook": push.hook,
    "notify": check.notify,
    "drill": drill.run,
    "run-check": lambda app: check.command(app, []),
}
GIT = {"git-receive-pack": "receive-pack", "git-upload-pack": "upload-pack"}


def main(arguments: list[str]) -> int:
    """Run a command and return its exit status; print errors as one sentence."""
    app = App()
    try:
        if arguments[:1] == ["dispatch"]:
            return run_remote(app, arguments[1], os.environ.get("SSH_ORIGINAL_COMMAND", ""))
        return run_local(app, arguments)
    except CommandError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the client must see a sentence, not a traceback
        print(f"The server failed: {reason(error)}", file=sys.stderr)
        return 1


def run_local(app: App, arguments: list[str]) -> int:
    """Run a command for git, systemd or setup."""
    match arguments:
        case ["deploy", number]:
            return deploy.deploy(app, int(number))
        case ["keep-backup"] if os.geteuid() == 0:
            return backups.keep(app)
        case ["keys", *rest] if os.geteuid() == 0:
            return keys.command(app, rest)
        case [name] if name in LOCAL_COMMANDS:
            return LOCAL_COMMANDS[name](app) or 0
        case _:
            return run_unit(app, arguments)


def run_unit(app: App, arguments: list[str]) -> int:
    """Run a process of a release, for its unit."""
    match arguments:
        case ["exec", process, instance]:
            processes.execute(app, process, instance)
        case ["forward", number]:
            ports.execute_forwarder(app, int(number))
        case ["exec-cron", name]:
            cron.execute(app, name)
        case ["exec-run", number, encoded]:
            processes.execute_run(app, int(number), encoded)
    raise CommandError("This is the agent of `hosting`. Run `hosting` on your machine.")


def run_remote(app: App, key: str, requested: str) -> int:
    """Run a command for the owner of the ssh key `key`, in a clean environment."""
    kept = {name: os.environ[name] for name in ("HOME", "USER", "TERM") if name in os.environ}
    os.environ.clear()
    os.environ.update(kept)
    os.environ.update(LANG="C.UTF-8", PATH="/usr/local/bin:/usr/bin:/bin", HOSTING_KEY=key)
    os.environ["XDG_RUNTIME_DIR"] = f"/run/user/{os.getuid()}"
    os.umask(0o027)
    try:
        words = shlex.split(requested)
    except ValueError:
        words = []
    match words:
        case [git, path] if git in GIT and path.strip("/") == app.name:
            if git == "git-receive-pack":  # git and its hook hold the lock until the push ends
                os.set_inheritable(acquire_lock(app.root / "state/push.lock"), True)
            command = ["git", *push.options(app), GIT[git], str(app.repo)]
            os.execvp("git", command)  # noqa: S606 - no shell is wanted
        case ["hosting", protocol, name, *arguments] if name in COMMANDS:
            if protocol != str(PROTOCOL):
                raise CommandError(
                    f"The server has protocol version {PROTOCOL} of hosting, your copy has "
                    f"{protocol}. With the newer copy, run: "
                    f"hosting setup root@HOST --app {app.name}"
                )
            return COMMANDS[name](app, arguments)
    raise CommandError(f"This key is restricted to `git push` and `hosting` for {app.name}.")
