"""git's proc-receive hook: deploys a push to main, and rejects every other ref.

With this hook git leaves it to the deploy to update `main`, so that `main` follows what is live,
whether or not the client, git and the hook are still there when the deploy ends.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from . import log_stream
from .paths import App, CommandError, reason
from .releases import MAIN, Release
from .source import NO_COMMIT

SCRIPT = '#!/bin/sh\nexec /usr/bin/python3 -I "$(dirname "$0")/.." hook\n'


def options(app: App) -> list[str]:
    """Return git's options for a push. The hook is root's; the app's user cannot replace it."""
    settings = {
        "core.hooksPath": app.root / "hosting/hooks",
        "receive.procReceiveRefs": "refs",
        "receive.autogc": "false",  # it would lock refs while a deploy updates them
        "transfer.hideRefs": "refs/releases",
    }
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def hook(app: App) -> int:
    """Speak git's protocol on standard input and output; the client sees the standard error."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    list(packets(sys.stdin.buffer))  # git's version and features
    send(out, ["version=1"])
    commands = [line.split() for line in packets(sys.stdin.buffer)]
    send(out, [receive(app, *command, is_only=len(commands) == 1) for command in commands])
    return 0


def receive(app: App, old: str, new: str, ref: str, *, is_only: bool) -> str:
    """Deploy one pushed ref; return the line that reports its result to git."""
    if ref != MAIN or not is_only:
        print(
            f"Not deployed: only main can be pushed, not {ref}. To deploy the current commit: "
            "git push REMOTE HEAD:main"
        )
        return f"ng {ref} only main can be pushed"
    if new == NO_COMMIT:
        print("Not deleted: main is the live code. `hosting delete` deletes the app.")
        return f"ng {ref} main cannot be deleted"
    try:
        release = log_stream.deploy(app, "push", commit=new, old=old)
    except (CommandError, OSError) as error:  # such as a full disk
        print(reason(error), flush=True)
        return f"ng {ref} not deployed"
    return f"ok {ref}" if release.is_accepted else f"ng {ref} {summary(release)}"


def summary(release: Release) -> str:
    """Return why a release failed, in one line that fits into git's report."""
    why = " ".join(str(release.record.get("reason", "")).split())
    return f"release {release.number} failed: {why[:300]}"


def packets(stream: BinaryIO) -> Iterator[str]:
    """Yield the lines up to a flush packet; the first four bytes of each are its length."""
    while (size := int(stream.read(4) or b"0", 16)) > 0:
        yield stream.read(size - 4).decode().rstrip("\n")


def send(stream: BinaryIO, lines: Iterable[str]) -> None:
    """Send lines and a flush packet."""
    for line in lines:
        data = f"{line}\n".encode()
        stream.write(f"{len(data) + 4:04x}".encode() + data)
    stream.write(b"0000")
    stream.flush()
