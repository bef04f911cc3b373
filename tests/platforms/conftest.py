"""podman and a clone of the repository, for the tests of containers and of a server."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import base_images
from tests.support.podman import Podman
from tests.support.repository import ROOT, files


@pytest.fixture(scope="session")
def engine() -> Iterator[Podman]:
    """podman, with the images that the Dockerfile and compose.yaml use."""
    with Podman() as running:
        base_images.provide_images(running)
        yield running


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the repository with the files of the working tree, committed."""
    origin = tmp_path_factory.mktemp("origin")
    for path in files():
        target = origin / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, target)
    git = ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.com"]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "All"]):
        subprocess.run([*git, *words], cwd=origin, check=True)
    folder = tmp_path_factory.mktemp("clone")
    subprocess.run(["git", "clone", "--quiet", str(origin), str(folder)], check=True)
    return folder
