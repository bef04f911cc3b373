"""Start a deploy as a systemd unit, and copy its log to the client.

A client that hangs, stops reading or disconnects loses output, but never blocks the deploy.
"""

import os
import sys
import time

from . import processes, releases
from .paths import App, call
from .processes import systemctl
from .releases import Release

STALLED = 20.0  # seconds after which output to a client that does not read is dropped


def deploy(app: App, kind: str, **details: object) -> int:
    """Request a release and follow its log; return 0 if it went live."""
    release = releases.create(app, kind, **details)
    app.audit(f"{kind}: release {release.number}")
    print(
        f"Release {release.number}. Closing this command now will not affect your deployment.",
        flush=True,
    )
    call(systemctl("start", "--no-block", f"deploy@{release.number}.service"))
    follow(release)
    return 0 if release.result == "live" else 1


def follow(release: Release) -> None:
    """Copy the build log to standard output until the deploy has ended."""
    out = sys.stdout.fileno()
    os.set_blocking(out, False)
    is_reading, is_last_read = True, False
    with release.log.open("rb") as log:
        while True:
            text = log.read()
            if text and is_reading:
                is_reading = write_nonblocking(out, text)
            elif is_last_read:
                return
            else:
                is_last_read = has_ended(release)
                time.sleep(0.1)


def has_ended(release: Release) -> bool:
    """Return True if the deploy is neither running nor about to start."""
    is_idle = processes.deploy_state(release) in ("inactive", "failed")
    return is_idle and not processes.is_deploying(release)


def write_nonblocking(out: int, text: bytes) -> bool:
    """Write to a pipe. Return False if the reader is gone or has stalled."""
    deadline = time.monotonic() + STALLED
    while text:
        try:
            text = text[os.write(out, text) :]
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        except OSError:
            return False
    return True


def pre_receive(app: App, lines: list[str]) -> int:
    """Run as git's pre-receive hook: deploy a push to main, and reject every other ref."""
    for line in lines:
        _old, new, ref = line.split()
        if ref != "refs/heads/main" or len(lines) > 1:
            print(
                f"Not deployed: only main can be pushed, not {ref}. To deploy the current commit: "
                "git push REMOTE HEAD:main"
            )
            return 1
        if not new.strip("0"):
            print("Not deleted: main is the live code. `hosting delete` deletes the app.")
            return 1
        names = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")
        objects = {
            name: os.path.abspath(os.environ[name])  # noqa: PTH100 - may be a list of paths
            for name in names
            if name in os.environ
        }
        return deploy(app, "push", commit=new, objects=objects)
    return 0
