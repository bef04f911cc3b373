"""Start a deploy as a systemd unit, and copy its log to the client.

A client that hangs, stops reading or disconnects loses output, but never blocks the deploy.
"""

import os
import sys
import time

from . import processes, releases
from .deploy import reconcile
from .paths import App, CommandError, call
from .processes import systemctl
from .releases import Release

UNREACHABLE = 60.0  # seconds within which the user's systemd must be back if it was killed
RECONCILING = 600.0  # seconds that the reconciliation after such a kill may take
STALLED = 20.0  # seconds after which output to a client that does not read is dropped


def deploy(app: App, kind: str, **details: object) -> Release:
    """Request a release, follow its log, and return the release."""
    release = releases.create(app, kind, **details)
    app.audit(f"{kind}: release {release.number}")
    print(
        f"Release {release.number}. Closing this command now will not affect your deployment.",
        flush=True,
    )
    call(systemctl("start", "--no-block", f"deploy@{release.number}.service"))
    try:
        follow(release)
        if release.result is None:  # its unit was killed, and what runs after the unit, too
            with app.lock(timeout=RECONCILING):
                reconcile(app)
            print(release.record.get("reason", ""), flush=True)
    except CommandError as error:
        print(error, flush=True)
    return release


def deploy_or_fail(app: App, kind: str, **details: object) -> int:
    """Deploy; return the exit status of the command."""
    return 0 if deploy(app, kind, **details).is_accepted else 1


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
                time.sleep(0.3)  # has_ended starts programs, whose CPU time the deploy needs


def has_ended(release: Release) -> bool:
    """Return True if the deploy is neither running nor about to start."""
    deadline = time.monotonic() + UNREACHABLE
    while True:
        try:
            is_idle = processes.deploy_state(release) in ("inactive", "failed")
            return is_idle and not processes.is_deploying(release)
        except CommandError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


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
