"""The image of the site, built once for all tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platforms.containers.container import IMAGE
from tests.platforms.containers.stack import Stack
from tests.support import base_images
from tests.support.base_images import IGNORED_FILES
from tests.support.doc_commands import commands
from tests.support.podman import Podman
from tests.support.repository import ROOT

PAGE = ROOT / "docs/deploying/containers.md"


@pytest.fixture(scope="session")
def image(engine: Podman, clone: Path) -> str:
    """The image of the site, built by the documented command in a folder with untracked files."""
    build = next(command.text for command in commands(PAGE) if "docker build" in command.text)
    for name, text in IGNORED_FILES.items():
        (clone / name).parent.mkdir(exist_ok=True)
        (clone / name).write_text(text)
    engine.run(["sh", "-c", build], clone)
    for name in IGNORED_FILES:
        (clone / name).unlink()
    return IMAGE


@pytest.fixture(scope="session")
def stack(engine: Podman, clone: Path, image: str) -> Iterator[Stack]:
    """The site, started by `docker compose up`."""
    base_images.fetch_compose(engine)
    running = Stack(engine, clone)
    running.run("docker compose up -d")
    yield running
    running.run("docker compose down --volumes")
