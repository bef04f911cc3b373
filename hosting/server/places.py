"""Where an app keeps what, on its server; and the sentence that ends a command."""

import fcntl
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[2]  # /srv/APP: this file is in hosting/server/ there
PATIENCE = 10.0  # seconds that a deploy waits for the one before it


class Refused(Exception):
    """What is wrong and what to do about it, in one sentence."""

    code = 1


class Misused(Refused):
    """A command was used in a wrong way; the sentence says how it is meant."""

    code = 2


class App:
    """The folder of one app. Its name is that of the folder, and of the user whose it is."""

    def __init__(self, root: Path = HERE) -> None:
        self.root = root
        self.name = root.name
        self.repo = root / "repo.git"
        self.releases = root / "releases"
        self.venvs = root / "venvs"
        self.run = root / "run"
        self.backups = root / "backups"
        self.current = root / "state/current"
        self.live_socket = self.run / "live.sock"
        self.settings = root / "config/settings.json"
        self.handed_over = root / "config/for-the-next-push.json"
        self.audit_file = root / "state/audit.jsonl"
        self.maintenance = self.run / "maintenance"
        self.keys = root / ".ssh/authorized_keys"

    @property
    def domain(self) -> str:
        """The name that nginx answers to."""
        return str(self.site()["domain"])

    @property
    def url(self) -> str:
        """The address of the site."""
        return str(self.site()["variables"]["FLASKY_URL"])

    def site(self) -> dict[str, Any]:
        """Return what `setup` has decided: domain, and variables such as DATABASE_URL."""
        site: dict[str, Any] = json.loads((self.root / "site.json").read_text())
        return site

    def audit(self, what: str) -> None:
        """Note who did what. No value of a variable is ever part of `what`."""
        line = {"at": now(), "who": who(), "what": what}
        descriptor = os.open(self.audit_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with open(descriptor, "a") as file:  # noqa: PTH123 - an open file, not a path
            file.write(json.dumps(line) + "\n")

    @contextmanager
    def lock(self, patience: float = PATIENCE) -> Iterator[None]:
        """Be the only one that changes what is live."""
        lock = hold(self.root / "state/lock", patience)
        try:
            yield
        finally:
            os.close(lock)


def hold(path: Path, patience: float = PATIENCE) -> int:
    """Return a lock, as an open file. The kernel frees it when nobody has the file any more."""
    give_up = time.monotonic() + patience
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= give_up:
                raise Refused(
                    "Somebody else is deploying this app. Try again when that is done "
                    "(`hosting releases` tells)."
                ) from None
            time.sleep(0.1)
        else:
            return descriptor


def now() -> int:
    """Return the time, in whole seconds of the unix clock."""
    return int(time.time())


def who() -> str:
    """Return the name of the key that somebody came with."""
    return os.environ.get("HOSTING_WHO", "server")


def write(path: Path, text: str) -> None:
    """Put `text` into a file that nobody else can read: the old text, or the new, never half."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)


def point(link: Path, target: str) -> None:
    """Let a symbolic link lead to `target`: from one moment to the next, never to nothing."""
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)


def call(command: Sequence[str]) -> str:
    """Run a program and return what it printed; its failure is an error of ours."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(
            f"`{' '.join(command)}` failed: {done.stderr.strip() or done.stdout.strip()}"
        )
    return done.stdout
