"""Servers in containers, set up with nothing but `hosting` and git.

`site` is the repository itself with PostgreSQL and Redis. `tiny` is a minimal app on a server of
its own, for tests with many deploys or power failures. Each process of xdist has its own servers.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .debian import DebianServer
from .hosted_app import RESTART, TINY, HostedApp, host, repository
from .podman import Podman, skip_unless_available
from .workstation import Workstation

# Over all but the sockets, whose paths must stay the same.
SMALL_DISK = """
mount -t tmpfs -o size=200m small /mnt && mkdir /mnt/new /mnt/work /mnt/run
chown --reference=/srv/tiny /mnt/new && chmod --reference=/srv/tiny /mnt/new
mount --bind /srv/tiny/run /mnt/run
mount -t overlay -o lowerdir=/srv/tiny,upperdir=/mnt/new,workdir=/mnt/work small /srv/tiny
mount --bind /mnt/run /srv/tiny/run
"""


@pytest.hookimpl(tryfirst=True)  # before xdist, which reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark these tests; those of `site` stay in one process, as do those of a module."""
    for item in items:
        if isinstance(item, pytest.Function) and item.path.is_relative_to(Path(__file__).parent):
            group = "site" if "site" in item.fixturenames else item.path.stem
            item.add_marker(pytest.mark.hosting)
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.xdist_group(group))
    # The longest first: a process gets its next group of tests before the last two of this one.
    items.sort(key=lambda item: item.path.stem != "test_zero_downtime")


@pytest.fixture(scope="session")
def podman() -> Iterator[Podman]:
    """podman with its own storage."""
    skip_unless_available()
    with Podman() as running:
        yield running


@pytest.fixture(scope="session")
def site(podman: Podman, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostedApp]:
    """The repository with PostgreSQL and Redis: set up and deployed."""
    workstation = Workstation(tmp_path_factory.mktemp("site"), repository())
    with DebianServer(podman) as server:
        yield host(workstation, server, "site", "localhost", "--postgres", "--redis")


@pytest.fixture(scope="session")
def neighbor(site: HostedApp, tmp_path_factory: pytest.TempPathFactory) -> Workstation:
    """Another app on the server of `site`: set up, but not deployed."""
    workstation = Workstation(tmp_path_factory.mktemp("neighbor"), TINY)
    site.server.authorize(workstation.public_key)
    workstation.set_up(site.server, "tiny", "--region", "fra", domain="tiny.example")
    return workstation


@pytest.fixture(scope="session")
def only_tiny(podman: Podman, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostedApp]:
    """The minimal app on its own server: set up and deployed."""
    workstation = Workstation(tmp_path_factory.mktemp("tiny"), TINY)
    with DebianServer(podman, has_packages=True) as server:
        yield host(workstation, server, "tiny", "tiny.example")


@pytest.fixture
def tiny(only_tiny: HostedApp) -> Iterator[HostedApp]:
    """The minimal app; changes to its files are reset after the test."""
    yield only_tiny
    only_tiny.workstation.reset()


@pytest.fixture
def small_disk(tiny: HostedApp) -> Iterator[None]:
    """A disk of 200 MB on top of the app's files, with their state; afterwards, the old state."""
    # A restart, because a sandbox that has started does not see new mounts.
    tiny.server.root(f"{SMALL_DISK}{RESTART}")
    tiny.wait_until_consistent()
    yield
    unmount = "umount --lazy /srv/tiny/run /srv/tiny /mnt/run /mnt"
    tiny.server.root(f"{unmount}; {RESTART}")
    tiny.wait_until_consistent()
