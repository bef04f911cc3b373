"""The files of an app on its server, its lock, and the errors that commands end with."""

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

ROOT = Path(__file__).resolve().parents[2]  # /srv/APP; this file is in /srv/APP/hosting/agent/
BACKUPS = Path("/var/backups")  # copies that the app's user can read, but not change
LOCK_TIMEOUT = 10.0  # seconds to wait for another deploy


class CommandError(Exception):
    """A command failed. The message says what is wrong and what to do."""

    exit_code = 1


def reason(error: Exception) -> str:
    """Return an error as one sentence."""
    if isinstance(error, OSError) and error.strerror:
        return ": ".join(filter(None, [error.strerror, str(error.filename or "")]))
    return str(error) if isinstance(error, CommandError) else f"{type(error).__name__}: {error}"


class UsageError(CommandError):
    """A command was called incorrectly. The message shows the correct usage."""

    exit_code = 2


class App:
    """The directory of one app. Its name is also the name of the app and of its user."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.name = root.name
        self.repo = root / "repo.git"
        self.releases = root / "releases"
        self.venvs = root / "venvs"
        self.run = root / "run"
        self.static = root / "static"
        self.backups = root / "backups"
        self.kept_backups = BACKUPS / root.name
        self.current = root / "state/current"
        self.live_socket = self.run / "live.sock"
        self.nginx_request = root / "state/nginx.json"
        self.settings = root / "config/settings.json"
        self.drill = root / "state/drill.json"
        self.staged_change = root / "config/staged.json"
        self.audit_log = root / "audit.jsonl"
        self.reserve = root / "state/reserve"  # space for the records of a deploy on a full disk
        self.maintenance = self.run / "maintenance"
        self.authorized_keys = root / "authorized_keys"

    def site(self) -> dict[str, Any]:
        """Return what `setup` wrote: the domain, and variables such as DATABASE_URL."""
        return dict(json.loads((self.root / "site.json").read_text()))

    def audit(self, action: str, who: str = "") -> None:
        """Append an entry to the audit log. `action` must not contain values of variables."""
        line = {"at": now(), "who": who or key_name(), "what": action}
        with self.audit_log.open("a") as file:  # only root can create it
            file.write(json.dumps(line) + "\n")

    @contextmanager
    def lock(self, timeout: float = LOCK_TIMEOUT) -> Iterator[None]:
        """Hold the deploy lock; raise CommandError if it is not free within `timeout` seconds."""
        descriptor = acquire_lock(self.root / "state/lock", timeout)
        try:
            yield
        finally:
            os.close(descriptor)


def acquire_lock(path: Path, timeout: float = LOCK_TIMEOUT) -> int:
    """Lock a file and return its descriptor. The kernel releases the lock when it is closed."""
    deadline = time.monotonic() + timeout
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise CommandError(
                    "Another deploy of this app is running. Try again when it has finished "
                    "(see `hosting releases`)."
                ) from None
            time.sleep(0.1)
        else:
            return descriptor


def now() -> int:
    """Return the current Unix time in seconds."""
    return int(time.time())


def key_name() -> str:
    """Return the name of the ssh key that this command was run with."""
    return os.environ.get("HOSTING_KEY", "server")


def write(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file atomically."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write(text)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    Path(file.name).replace(path)


def atomic_symlink(link: Path, target: str) -> None:
    """Create or replace a symbolic link atomically."""
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)


def call(command: Sequence[str]) -> str:
    """Run a program and return its output; raise CommandError if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(
            f"`{' '.join(command)}` failed: {done.stderr.strip() or done.stdout.strip()}"
        )
    return done.stdout
