"""Two bare servers that apps were set up on, by nothing but `python -m hosting` and git.

One has this site with PostgreSQL and Redis. The other has neither, but the smallest app there is:
whatever needs many deploys, or the power to be cut, happens there. Each is of one group of tests.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.bare import Bare
from tests.containers.engine import Engine

from .hosted import Hosted, host, the_site
from .laptop import Laptop

HERE = Path(__file__).parent
TINY = {name: HERE / "tiny" / name for name in ("Procfile", "requirements.txt", "tiny.py")}


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """podman, with servers of our own, all gone afterwards."""
    if shutil.which("ssh") is None:
        pytest.skip("ssh is not installed: sudo apt install openssh-client")
    with Engine() as running:
        yield running


@pytest.fixture(scope="session")
def server(engine: Engine) -> Iterator[Bare]:
    """A bare Debian, which becomes the server of this site."""
    with Bare(engine) as running:
        yield running


@pytest.fixture(scope="session")
def lean(engine: Engine) -> Iterator[Bare]:
    """Another one, which never gets a database."""
    with Bare(engine) as running:
        yield running


@pytest.fixture(scope="session")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    """A laptop with a clone of this repository."""
    return Laptop(tmp_path_factory.mktemp("laptop"), the_site())


@pytest.fixture(scope="session")
def flasky(server: Bare, laptop: Laptop) -> Hosted:
    """This site on PostgreSQL and Redis: set up, and pushed for the first time."""
    return host(laptop, server, "flasky", "localhost", "--postgres", "--redis")


@pytest.fixture(scope="session")
def neighbour(flasky: Hosted, tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    """Somebody with an app called tiny on the same server, which was never deployed."""
    laptop = Laptop(tmp_path_factory.mktemp("neighbour"), TINY)
    flasky.server.let_in(laptop.public)
    laptop.set_up(flasky.server, "tiny", "--region", "sjc", domain="tiny.example")
    return laptop


@pytest.fixture(scope="session")
def only_tiny(lean: Bare, tmp_path_factory: pytest.TempPathFactory) -> Hosted:
    """The smallest app on a server of its own: set up, and deployed in no time."""
    laptop = Laptop(tmp_path_factory.mktemp("tiny"), TINY)
    return host(laptop, lean, "tiny", "tiny.example")


@pytest.fixture
def tiny(only_tiny: Hosted) -> Iterator[Hosted]:
    """The smallest app; what a test does to its files is undone for the next one."""
    yield only_tiny
    only_tiny.laptop.tidy()
