"""The only door: what an ssh key may say, and the words that systemd and git say themselves.

Each key is tied to `gate KEYNAME`. What the client asks for is in SSH_ORIGINAL_COMMAND. It is
taken apart into words, never given to a shell, and the first word must be one that is known here.
"""

import os
import shlex
import sys
from collections.abc import Callable

from . import PROTOCOL, backups, keys, looking, processes, relay, story, verbs
from .places import App, Refused, hold

Verb = Callable[[App, list[str]], int]
VERBS: dict[str, Verb] = {
    "hello": looking.hello,
    "status": looking.status,
    "releases": looking.history,
    "build-logs": looking.build_logs,
    "logs": looking.logs,
    "config": verbs.config,
    "rollback": verbs.rollback,
    "restart": verbs.restart,
    "scale": verbs.scale,
    "maintenance": verbs.maintenance,
    "run": verbs.run,
    "keys": keys.command,
    "backup": backups.command,
}
GIT = {"git-receive-pack": "receive-pack", "git-upload-pack": "upload-pack"}


def main(words: list[str]) -> int:
    """Do what `words` say; a refusal is one sentence and code 1."""
    app = App()
    try:
        if words[:1] == ["gate"]:
            return enter(app, words[1], os.environ.get("SSH_ORIGINAL_COMMAND", ""))
        return at_home(app, words)
    except Refused as error:
        print(error, file=sys.stderr)
        return error.code
    except Exception as error:  # noqa: BLE001 - a sentence, whatever it is
        print(f"The server could not do it: {story.reason(error)}", file=sys.stderr)
        return 1


def at_home(app: App, words: list[str]) -> int:
    """Do what git, systemd and setup ask for."""
    match words:
        case ["hook"]:
            return relay.pre_receive(app, sys.stdin.read().splitlines())
        case ["perform", number]:
            return story.perform(app, int(number))
        case ["exec", process, instance]:
            processes.execute(app, process, instance)
        case ["recover"]:
            story.recover_alone(app)
        case ["backup"]:
            return backups.daily(app)
        case ["init"]:
            verbs.init(app)
        case _:
            raise Refused("This is what setup has put here: use `python -m hosting`.")
    return 0


def enter(app: App, key: str, asked: str) -> int:
    """Let somebody in who came with `key`, if what they ask for is known."""
    clean = {name: os.environ[name] for name in ("HOME", "USER") if name in os.environ}
    os.environ.clear()
    os.environ.update(clean)
    os.environ.update(LANG="C.UTF-8", PATH="/usr/local/bin:/usr/bin:/bin", HOSTING_WHO=key)
    os.environ["XDG_RUNTIME_DIR"] = f"/run/user/{os.getuid()}"
    os.umask(0o027)
    try:
        words = shlex.split(asked)
    except ValueError:
        words = []
    match words:
        case [git, path] if git in GIT and path.strip("/") == app.name:
            if git == "git-receive-pack":  # git and its hook keep it until main is updated
                os.set_inheritable(hold(app.root / "state/push.lock"), True)
                # Nobody else pushes now: whoever has left this one has lost power.
                (app.repo / "refs/heads/main.lock").unlink(missing_ok=True)
            os.execvp("git", ["git", GIT[git], str(app.repo)])  # noqa: S606 - no shell is wanted
        case ["hosting", protocol, verb, *rest] if verb in VERBS:
            if protocol != str(PROTOCOL):
                raise Refused(
                    f"The server speaks version {PROTOCOL} of hosting and your copy {protocol}: "
                    f"run `python -m hosting setup root@HOST --app {app.name}` with the newer one."
                )
            return VERBS[verb](app, rest)
    raise Refused(
        f"This key opens {app.name} to `git push` and `python -m hosting`, and to nothing else."
    )
