"""A developer's machine: a home directory, an ssh key, a clone, `hosting` and git."""

import http.client
import os
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

from .debian import DebianServer
from .podman import Done
from .web import TIMEOUT, Response, get

SRC = Path(__file__).parents[2] / "src"
HOSTING = (sys.executable, "-P", "-m", "hosting")
Running = subprocess.Popen[str]
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
TLS.check_hostname, TLS.verify_mode = False, ssl.CERT_NONE


class Workstation:
    """Runs commands in the directory `clone`."""

    def __init__(self, home: Path, files: Mapping[str, Path]) -> None:
        self.home = home
        self.clone = home / "clone"
        self.key = home / "key"
        keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key), "-C", "ann"]
        subprocess.run(keygen, check=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "PYTHONPATH": str(SRC),
        }
        for name, file in files.items():
            target = self.clone / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target)
        self.git("init", "--quiet", "--initial-branch=main")
        self.first = self.commit("Initial commit")

    @property
    def public_key(self) -> str:
        """The public key."""
        return self.key.with_name("key.pub").read_text()

    def hosting(self, *arguments: str, stdin: str = "", check: bool = True) -> Done:
        """Run `hosting`; stdout and stderr are combined."""
        return self.run([*HOSTING, *arguments], stdin=stdin, check=check)

    def set_up(
        self, server: DebianServer, app: str, *options: str, domain: str, check: bool = True
    ) -> Done:
        """Run `hosting setup`."""
        target = f"root@127.0.0.1:{server.ports[22]}"
        login = ("--identity", str(self.key), "--yes")
        names = ("--app", app, "--domain", domain)
        return self.hosting("setup", target, *login, *names, *options, check=check)

    def git(self, *arguments: str, check: bool = True) -> Done:
        """Run git."""
        identity = ["-c", "user.name=ann", "-c", "user.email=ann@example.com"]
        return self.run(["git", *identity, *arguments], check=check)

    def run(self, command: list[str], *, stdin: str = "", check: bool = True) -> Done:
        """Run a command in the clone."""
        done = subprocess.run(
            command, cwd=self.clone, env=self.environment, input=stdin, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT * 15,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
        return done

    @contextmanager
    def started(self, *command: str) -> Iterator[Running]:
        """Start a command; kill it, and its children, at the end."""
        running = subprocess.Popen(
            command, cwd=self.clone, env=self.environment, text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            # In background jobs, Ctrl-C is ignored unless a handler is set.
            preexec_fn=handle_ctrl_c,  # noqa: PLW1509 - it takes no lock
        )  # fmt: skip
        try:
            yield running
        finally:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()
            if running.stdout is not None:
                running.stdout.close()

    def started_hosting(self, *arguments: str) -> AbstractContextManager[Running]:
        """Start `hosting`."""
        return self.started(*HOSTING, *arguments)

    def reset(self) -> None:
        """Commit the initial files again."""
        self.git("read-tree", "-u", "--reset", self.first)
        self.commit("Reset")

    def commit(self, message: str, files: Mapping[str, str] | None = None) -> str:
        """Write files, commit everything, and return the commit."""
        for name, text in (files or {}).items():
            (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
            (self.clone / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD").stdout.strip()


def connect(server: DebianServer) -> http.client.HTTPSConnection:
    """Return a connection to a server's nginx, without certificate verification."""
    return http.client.HTTPSConnection(
        "localhost", server.ports[443], context=TLS, timeout=TIMEOUT
    )


def fetch(server: DebianServer, path: str, domain: str) -> Response:
    """Request a page of one of the server's sites, over a new connection."""
    with closing(connect(server)) as connection:
        return get(connection, path, headers={"Host": domain})


def handle_ctrl_c() -> None:
    """Restore Python's default handler of SIGINT."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
