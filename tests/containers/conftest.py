"""The image of the site, built once, and what it takes to run it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.manual import commands
from tests.repository import ROOT, files

from . import images
from .container import IMAGE
from .engine import Engine
from .images import RUBBISH
from .stack import Stack

PAGE = ROOT / "docs/deploying/containers.md"


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """podman, with the images that the Dockerfile and compose.yaml ask for."""
    with Engine() as running:
        images.provide(running)
        yield running


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as somebody else has it: all that belongs to it, committed."""
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


@pytest.fixture(scope="session")
def image(engine: Engine, clone: Path) -> str:
    """The image of the site, built as the page says, in a folder where work goes on."""
    build = next(command.text for command in commands(PAGE) if "docker build" in command.text)
    for name, text in RUBBISH.items():
        (clone / name).parent.mkdir(exist_ok=True)
        (clone / name).write_text(text)
    engine.type(["sh", "-c", build], clone)
    for name in RUBBISH:
        (clone / name).unlink()
    return IMAGE


@pytest.fixture(scope="session")
def stack(engine: Engine, clone: Path, image: str) -> Iterator[Stack]:
    """The whole site, started by `docker compose up` and nothing else."""
    images.fetch_compose(engine)
    running = Stack(engine, clone)
    running.type("docker compose up -d")
    yield running
    running.type("docker compose down --volumes")
