"""A bare server that two apps were set up on, by nothing but `python -m hosting` and git."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.containers.engine import Done, Engine
from tests.repository import ROOT, files

from .bare import Bare
from .laptop import Laptop

TINY = Path(__file__).parent / "tiny"


@dataclass(frozen=True)
class Hosted:
    """An app on a server, the laptop it is deployed from, and what `setup` and `deploy` said."""

    name: str
    server: Bare
    laptop: Laptop
    set_up: Done
    deployed: Done


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """podman, with servers of our own, all gone afterwards."""
    with Engine() as running:
        yield running


@pytest.fixture(scope="session")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    """A laptop with a clone of this repository."""
    if shutil.which("ssh") is None:
        pytest.skip("ssh is not installed: sudo apt install openssh-client")
    ours = Laptop(tmp_path_factory.mktemp("laptop"))
    for path in files():
        target = ours.clone / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, target)
    ours.git("init", "--quiet", "--initial-branch=main")
    ours.commit("All")
    return ours


@pytest.fixture(scope="session")
def server(engine: Engine, laptop: Laptop) -> Iterator[Bare]:
    """A bare Debian that the laptop's key opens."""
    with Bare(engine, laptop.key) as running:
        yield running


@pytest.fixture(scope="session")
def flasky(server: Bare, laptop: Laptop) -> Hosted:
    """This site on PostgreSQL and Redis: set up, and pushed for the first time."""
    set_up = laptop.set_up(server, "flasky", "--postgres", "--redis", "--region", "sjc")
    return Hosted("flasky", server, laptop, set_up, laptop.hosting("deploy", "--yes"))


@pytest.fixture(scope="session")
def tiny(server: Bare, flasky: Hosted, tmp_path_factory: pytest.TempPathFactory) -> Hosted:
    """A second app on the same server, of another owner, that is deployed in no time."""
    other = Laptop(tmp_path_factory.mktemp("other"))
    shutil.copytree(TINY, other.clone, ignore=shutil.ignore_patterns("__pycache__"))
    other.git("init", "--quiet", "--initial-branch=main")
    other.commit("All")
    server.root("cat >>/root/.ssh/authorized_keys", said=other.public)
    set_up = other.set_up(server, "tiny", "--region", "sjc", domain="tiny.example")
    return Hosted("tiny", server, other, set_up, other.hosting("deploy", "--yes"))
