"""ssh and git as programs: what is typed is a list of words, and run in one place."""

import shlex
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread

from .regions import Region, folder
from .server import PROTOCOL

INTERRUPTED = 130
NO_ENTRY = 255  # ssh's own code, for whatever kept it from running the command
REASONS = {
    "REMOTE HOST IDENTIFICATION HAS CHANGED": (
        "STOP: {host} shows another host key than the one that was pinned. Either the server was "
        "set up anew, or somebody is in between. If you know that it was: "
        "python -m hosting logout --region {region}, and log in again."
    ),
    "Host key verification failed": (
        "The host key of {host} is not known here: log in first (python -m hosting login)."
    ),
    "Permission denied": (
        "{host} does not let this key in. Somebody who has access can add it: "
        "python -m hosting keys add NAME < KEY.pub"
    ),
    "Connection refused": "Nobody answers ssh at {host}, port {port}. Is the server on?",
    "Connection timed out": "{host} does not answer, port {port}. Is there a firewall between?",
    "Could not resolve": "There is no host {host}. Is the name right?",
}


class Unreachable(Exception):
    """Why the server could not be asked, and what to do."""


def known_hosts() -> Path:
    """Return the file with the host keys that were shown and pinned."""
    return folder() / "known_hosts"


def options(region: Region) -> list[str]:
    """Return what every call of ssh is told: nothing is asked, and no host is believed unseen."""
    identity = ["-i", region.identity, "-o", "IdentitiesOnly=yes"] if region.identity else []
    pinned = [f'UserKnownHostsFile="{known_hosts()}"', "GlobalKnownHostsFile=/dev/null"]
    sure = ["StrictHostKeyChecking=yes", "BatchMode=yes", "ConnectTimeout=15", *pinned]
    return [*identity, *(word for option in sure for word in ("-o", option))]


def ssh(region: Region, command: Sequence[str], user: str = "") -> list[str]:
    """Return the command that runs `command` on the server, each word as it is."""
    target = f"{user or region.app}@{region.host}"
    return ["ssh", "-T", *options(region), "-p", str(region.port), target, shlex.join(command)]


def verb(region: Region, *words: str) -> list[str]:
    """Return the command that asks the gate of an app for something."""
    return ssh(region, ["hosting", str(PROTOCOL), *words])


def push(region: Region, *, force: bool = False) -> list[str]:
    """Return the command that deploys what is committed."""
    return ["git", "push", *(["--force"] if force else []), region.name, "HEAD:refs/heads/main"]


def ssh_command(regions: Sequence[Region]) -> str:
    """Return what git shall call instead of ssh in this clone: it knows what was pinned, too."""
    known = f'UserKnownHostsFile=~/.ssh/known_hosts "{known_hosts()}"'
    named = dict.fromkeys(region.identity for region in regions if region.identity)
    keys = [word for identity in named for word in ("-i", identity)]
    return shlex.join(["ssh", "-o", known, *keys])


def scan(host: str, port: int) -> list[str]:
    """Return the command that asks a server for its host key."""
    return ["ssh-keyscan", "-T", "10", "-t", "ed25519", "-p", str(port), host]


def ask(region: Region, command: Sequence[str], said: str = "") -> str:
    """Run a command, and return what it printed; its failure is told in a sentence."""
    done = subprocess.run(command, input=said, capture_output=True, text=True, check=False)
    if done.returncode == NO_ENTRY:
        raise Unreachable(explain(done.stderr, region))
    if done.returncode:
        raise Unreachable(done.stderr.strip() or f"{command[0]} ended with {done.returncode}.")
    return done.stdout


def go(region: Region, command: Sequence[str], said: str | None = None) -> int:
    """Run a command with our own input and output, and return its code."""
    stdin = None if said is None else subprocess.PIPE
    process = subprocess.Popen(command, stdin=stdin, stderr=subprocess.PIPE, text=True)
    complaints: deque[str] = deque(maxlen=50)
    reading = Thread(target=pass_on, args=(process, complaints))
    reading.start()
    try:
        if process.stdin is not None:
            with suppress(BrokenPipeError), process.stdin:
                process.stdin.write(said or "")
        code = process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        code = INTERRUPTED
    reading.join()
    if code == NO_ENTRY:
        raise Unreachable(explain("".join(complaints), region))
    return code


def pass_on(process: subprocess.Popen[str], complaints: deque[str]) -> None:
    """Show what a program complains about as it does, but for ssh's own words: we have better."""
    is_ours = False
    for line in process.stderr or ():
        complaints.append(line)
        is_ours = is_ours or line.startswith("@" * 40)  # the host key: ssh ends after that
        if not is_ours and not line.startswith(("ssh:", "Host key", "kex_exchange")):
            print(line, end="", file=sys.stderr, flush=True)


def explain(complaint: str, region: Region) -> str:
    """Return what ssh's complaint means, and what to do."""
    for sign, meaning in REASONS.items():
        if sign in complaint:
            return meaning.format(host=region.host, port=region.port, region=region.name)
    return f"{region.host} could not be reached: {complaint.strip() or 'ssh said nothing.'}"
