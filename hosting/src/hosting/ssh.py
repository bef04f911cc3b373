"""Commands for ssh and git as lists of arguments, and the functions that run them."""

import shlex
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread

from .agent import PROTOCOL
from .agent.paths import CommandError
from .servers import Server, folder

INTERRUPTED = 130
SSH_FAILED = 255  # ssh's own exit status, as opposed to that of the remote command
OWN_MESSAGES = ("ssh:", "Host key", "kex_exchange", "Connection to ")
EXPLANATIONS = {
    "REMOTE HOST IDENTIFICATION HAS CHANGED": (
        "STOP: the host key of {host} has changed. Either the server was reinstalled, or the "
        "connection is being intercepted. If you know that it was reinstalled, run "
        "`hosting logout --region {region}` and log in again."
    ),
    "Host key verification failed": (
        "The host key of {host} is unknown. Log in first: hosting login APP@HOST"
    ),
    "Permission denied": (
        "{host} does not accept your ssh key. A user with access can add it: "
        "hosting keys add NAME < KEY.pub"
    ),
    "Connection refused": "{host} refuses connections on port {port}. Is sshd running there?",
    "Connection timed out": "{host} does not respond on port {port}. Is a firewall in between?",
    "Could not resolve": "Unknown host: {host}.",
}


def known_hosts() -> Path:
    """Return the file with the verified host keys."""
    return folder() / "known_hosts"


def options(server: Server) -> list[str]:
    """Return the ssh options for a server: no prompts, and only verified host keys."""
    identity = ["-i", server.identity, "-o", "IdentitiesOnly=yes"] if server.identity else []
    keys = [f'UserKnownHostsFile="{known_hosts()}"', "GlobalKnownHostsFile=/dev/null"]
    settings = ["StrictHostKeyChecking=yes", "BatchMode=yes", "ConnectTimeout=15", *keys]
    return [*identity, *(word for setting in settings for word in ("-o", setting))]


def ssh(server: Server, command: Sequence[str], user: str = "", pty: str = "-T") -> list[str]:
    """Return the command that runs `command` on a server; `pty` is -t for a terminal."""
    target = f"{user or server.app}@{server.host}"
    return ["ssh", pty, *options(server), "-p", str(server.port), target, shlex.join(command)]


def agent(server: Server, *arguments: str) -> list[str]:
    """Return the command that runs a command of the agent; `run` gets our terminal, if any."""
    has_pty = arguments[0] == "run" and sys.stdin.isatty() and sys.stdout.isatty()
    command = ["hosting", str(PROTOCOL), *arguments]
    return ssh(server, command, pty="-t" if has_pty else "-T")


def push(server: Server, *, force: bool = False) -> list[str]:
    """Return the command that deploys the current commit."""
    return ["git", "push", *(["--force"] if force else []), server.name, "HEAD:refs/heads/main"]


def git_ssh_command(servers: Sequence[Server]) -> str:
    """Return git's core.sshCommand, with which `git push` uses the same keys and host keys."""
    hosts = f'UserKnownHostsFile=~/.ssh/known_hosts "{known_hosts()}"'
    identities = dict.fromkeys(server.identity for server in servers if server.identity)
    keys = [word for identity in identities for word in ("-i", identity)]
    return shlex.join(["ssh", "-o", hosts, *keys])


def capture(server: Server, command: Sequence[str], stdin: str = "") -> str:
    """Run a command and return its output; raise CommandError if it fails."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode == SSH_FAILED:
        raise CommandError(explain(done.stderr, server))
    if done.returncode:
        raise CommandError(done.stderr.strip() or f"{command[0]} exited with {done.returncode}.")
    return done.stdout


def stream(server: Server, command: Sequence[str], stdin: str | None = None) -> int:
    """Run a command with our standard streams and return its exit status."""
    pipe = None if stdin is None else subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stderr=subprocess.PIPE, text=True)
    errors: deque[str] = deque(maxlen=50)
    copying = Thread(target=copy_stderr, args=(process, errors))
    copying.start()
    try:
        if process.stdin is not None:
            with suppress(BrokenPipeError), process.stdin:
                process.stdin.write(stdin or "")
        code = process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        code = INTERRUPTED
    copying.join()
    if code == SSH_FAILED:
        raise CommandError(explain("".join(errors), server))
    return code


def copy_stderr(process: subprocess.Popen[str], errors: deque[str]) -> None:
    """Copy a program's stderr, except ssh's own messages, which `explain` replaces."""
    is_banner = False
    for line in process.stderr or ():
        errors.append(line)
        is_banner = is_banner or line.startswith("@" * 40)  # changed host key: ssh exits after it
        if not is_banner and not line.startswith(OWN_MESSAGES):
            print(line, end="", file=sys.stderr, flush=True)


def explain(message: str, server: Server) -> str:
    """Return what an error message of ssh means and what to do."""
    for pattern, text in EXPLANATIONS.items():
        if pattern in message:
            return text.format(host=server.host, port=server.port, region=server.name)
    return f"Cannot connect to {server.host}: {message.strip() or 'ssh gave no reason.'}"
