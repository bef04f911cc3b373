"""The genuine Heroku command line, from npm: installed once for this user, and kept.

cli/ says which one, with the digest of every package. npm fetches it; the node that runs it is
Playwright's, which is new enough for it wherever npm comes from.
"""

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import playwright
import pytest
from fasteners import InterProcessLock

WANTED = Path(__file__).parent / "cli"
NODE = Path(playwright.__file__).parent / "driver/node"
MISSING = "npm is not installed: sudo apt install npm"
SILENT = {
    "DISABLE_TELEMETRY": "true",
    "HEROKU_DISABLE_AUTOUPDATE": "1",
    "HEROKU_SKIP_NEW_VERSION_CHECK": "1",
}


def installed() -> Path:
    """Return the folder that holds the packages; install them, if they are not there yet."""
    lock = (WANTED / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "flasky"
    folder = cache / f"heroku-{sha256(lock).hexdigest()[:12]}"
    with InterProcessLock(cache / "heroku.lock"):
        if not folder.exists():
            unfinished = folder.with_suffix(".part")
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.copytree(WANTED, unfinished)
            install(unfinished)
            unfinished.rename(folder)
    return folder / "node_modules"


def install(folder: Path) -> None:
    """Fetch what the lock in `folder` names. No package may run a script of its own."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(MISSING)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"npm cannot install the Heroku command line: {done.stderr.strip()}")


class HerokuCli:
    """`heroku` for whoever has `home` as home: it asks nobody but the API that it is told of."""

    def __init__(self, home: Path) -> None:
        self.packages = installed()
        self.bin = home / "bin"
        self.bin.mkdir()
        self._write_program(self.bin / "heroku")
        terms = home / ".cache/heroku/terms-of-service"
        terms.parent.mkdir(parents=True)
        terms.touch()  # it would tell of them before the first command
        self.environment = {
            **SILENT,
            "HOME": str(home),
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "HEROKU_GIT_HOST": "git.heroku.com",
        }

    def _write_program(self, path: Path) -> None:
        start = self.packages / "heroku/bin/run.js"
        path.write_text(f'#!/bin/sh\nexec "{NODE}" --no-deprecation "{start}" "$@"\n')
        path.chmod(0o755)
