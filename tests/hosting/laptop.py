"""Somebody's laptop: a home of its own, an ssh key, a clone, `python -m hosting`, and git."""

import http.client
import os
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from tests.containers.bare import Bare
from tests.repository import ROOT
from tests.system.servers import PATIENCE, Answer, fetch

Done = subprocess.CompletedProcess[str]
Running = subprocess.Popen[str]
GIT = ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.com"]


class Laptop:
    """Types commands in the folder `clone`."""

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
            "PYTHONPATH": str(ROOT),
        }
        for name, file in files.items():
            target = self.clone / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target)
        self.git("init", "--quiet", "--initial-branch=main")
        self.first = self.commit("All")

    def hosting(self, *words: str, said: str | None = "", check: bool = True) -> Done:
        """Type `python -m hosting WORDS`; its two outputs are one."""
        command = [sys.executable, "-P", "-m", "hosting", *words]
        return self.type(command, said=said, check=check)

    @property
    def public(self) -> str:
        """What others may know of the key."""
        return self.key.with_name("key.pub").read_text()

    def set_up(
        self, server: Bare, app: str, *words: str, domain: str = "localhost", check: bool = True
    ) -> Done:
        """Type `hosting setup`."""
        come = [
            "setup",
            f"root@127.0.0.1:{server.ports[22]}",
            "--identity",
            str(self.key),
            "--yes",
        ]
        return self.hosting(*come, "--app", app, "--domain", domain, *words, check=check)

    def git(self, *words: str, check: bool = True) -> Done:
        """Type a command of git's."""
        return self.type([*GIT, *words], check=check)

    def type(self, command: list[str], *, said: str | None = "", check: bool = True) -> Done:
        """Run a command, and expect it to work."""
        done = subprocess.run(
            command,
            cwd=self.clone,
            env=self.environment,
            input=said,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE * 5,
        )
        assert not check or done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
        return done

    @contextmanager
    def begun(self, *command: str) -> Iterator[Running]:
        """Start a command, with both outputs in one pipe; whatever is left of it is killed."""
        running = subprocess.Popen(
            command,
            cwd=self.clone,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # Where the tests run in the background, Ctrl-C would be ignored.
            preexec_fn=interruptible,  # noqa: PLW1509 - it takes no lock
        )
        try:
            yield running
        finally:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()
            if running.stdout is not None:
                running.stdout.close()

    def begun_hosting(self, *words: str) -> AbstractContextManager[Running]:
        """Start `python -m hosting WORDS`."""
        return self.begun(sys.executable, "-P", "-m", "hosting", *words)

    def tidy(self) -> None:
        """Let the files be as they were at first, whatever a test has made of them."""
        self.git("read-tree", "-u", "--reset", self.first)
        self.commit("As at first")

    def commit(self, message: str = "Work", **changes: str) -> str:
        """Write files into the clone (`__` stands for / in a name), commit, return the commit."""
        for name, text in changes.items():
            path = self.clone / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD").stdout.strip()


def connect(server: Bare) -> http.client.HTTPSConnection:
    """Return a connection to a server's nginx."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(
        "localhost", server.ports[443], context=context, timeout=PATIENCE
    )


def ask(server: Bare, path: str, host: str = "localhost") -> Answer:
    """Open a page of one of the server's sites, by its name."""
    return fetch(connect(server), path, headers={"Host": host})


def interruptible() -> None:
    """Listen to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
