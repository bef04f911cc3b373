"""Programs from npm: installed once for this user, and kept."""

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from fasteners import InterProcessLock

MISSING = "npm is not installed: sudo apt install npm"


def installed(name: str, wanted: Path) -> Path:
    """Return the folder with the packages that the lock in `wanted` names; fetch them once."""
    lock = (wanted / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "flasky"
    folder = cache / f"{name}-{sha256(lock).hexdigest()[:12]}"
    with InterProcessLock(cache / f"{name}.lock"):
        if not folder.exists():
            unfinished = folder.with_suffix(".part")
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.copytree(wanted, unfinished)
            _install(name, unfinished)
            unfinished.rename(folder)
    return folder / "node_modules"


def _install(name: str, folder: Path) -> None:
    """Fetch what the lock in `folder` names. No package may run a script of its own."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(MISSING)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"npm cannot install {name}: {done.stderr.strip()}")
