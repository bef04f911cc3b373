"""Handing what a deploy writes to whoever waits for it, without ever holding up the deploy.

A deploy is a unit of systemd's that writes to its build.log. A client that hangs, or stops
reading, loses the rest of the words and nothing else.
"""

import os
import sys
import time

from . import processes
from .places import App, call
from .processes import systemctl
from .releases import Release, ask_for

STALLED = 20.0  # seconds after which nobody is taken to read any more


def deploy(app: App, kind: str, **details: object) -> int:
    """Ask for a release, watch it being made, and return 0 if it is live."""
    release = ask_for(app, kind, **details)
    app.audit(f"{kind}: release {release.number}")
    print(
        f"Release {release.number}. Closing this command now will not affect your deployment.",
        flush=True,
    )
    call(systemctl("start", "--no-block", f"deploy@{release.number}.service"))
    watch(release)
    return 0 if release.result == "live" else 1


def watch(release: Release) -> None:
    """Pass on what is written to the log until the deploy has ended."""
    out = sys.stdout.fileno()
    os.set_blocking(out, False)
    is_listened_to, last_look = True, False
    with release.log.open("rb") as log:
        while True:
            words = log.read()
            if words and is_listened_to:
                is_listened_to = passed_on(out, words)
            elif last_look:
                return
            else:
                last_look = is_over(release)
                time.sleep(0.1)


def is_over(release: Release) -> bool:
    """Tell whether nobody works on it any more."""
    is_idle = processes.state_of_deploy(release) in ("inactive", "failed")
    return is_idle and not processes.is_being_made(release)


def passed_on(out: int, words: bytes) -> bool:
    """Write to somebody who may have gone, or have stopped reading; tell whether they read."""
    give_up = time.monotonic() + STALLED
    while words:
        try:
            words = words[os.write(out, words) :]
        except BlockingIOError:
            if time.monotonic() > give_up:
                return False
            time.sleep(0.05)
        except OSError:
            return False
    return True


def pre_receive(app: App, lines: list[str]) -> int:
    """Be git's hook: deploy what was pushed to main, and let git keep nothing else."""
    for line in lines:
        _old, new, ref = line.split()
        if ref != "refs/heads/main" or len(lines) > 1:
            print(
                f"Nothing was deployed: {ref} is not deployed here, only main is. To deploy what "
                "you have: git push REMOTE HEAD:main"
            )
            return 1
        if not new.strip("0"):
            print("Nothing was deleted: main is what is live. `hosting delete` deletes the app.")
            return 1
        names = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")
        objects = {
            name: os.path.abspath(os.environ[name])  # noqa: PTH100 - a list of paths, perhaps
            for name in names
            if name in os.environ
        }
        return deploy(app, "push", commit=new, objects=objects)
    return 0
