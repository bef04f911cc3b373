"""One app on two servers: deployed in turn, until one fails."""

from collections.abc import Iterator

import pytest

from .debian import DebianServer
from .hosted_app import HostedApp
from .podman import Podman
from .workstation import fetch


@pytest.fixture(scope="module")
def second(podman: Podman, only_tiny: HostedApp) -> Iterator[DebianServer]:
    """A second server with the same app."""
    workstation = only_tiny.workstation
    with DebianServer(podman, has_packages=True) as server:
        server.authorize(workstation.public_key)
        try:
            workstation.set_up(server, "tiny", "--region", "sea", domain="tiny.example")
            workstation.hosting("deploy", "--yes", "--region", "sea")
            yield server
        finally:
            workstation.hosting("logout", "--region", "sea", check=False)


def deploy(tiny: HostedApp) -> str:
    both = ("-r", "fra", "-r", "sea")
    return tiny.workstation.hosting("deploy", "--yes", *both, check=False).stdout


def test_regions_are_deployed_in_turn(tiny: HostedApp, second: DebianServer) -> None:
    commit = tiny.workstation.commit("For both")

    shown = deploy(tiny)

    first = shown.index("Your site [ tiny ] at [ fra ] is up")
    assert first < shown.index("Your site [ tiny ] at [ sea ] is up")
    table = tiny.workstation.hosting("list").stdout.splitlines()
    assert [line.split()[1] for line in table] == ["fra", "sea"]
    assert all(commit[:9] in line for line in table)
    assert fetch(second, "/", "tiny.example").status == 200


def test_failure_stops_the_deploy(tiny: HostedApp, second: DebianServer) -> None:
    before = fetch(second, "/readyz", "tiny.example").headers["X-Release"]
    tiny.workstation.commit("Broken", {"app.py": "import no_such_module"})

    shown = deploy(tiny)

    assert "[ fra ] Not deployed; see the lines above." in shown
    assert "[ sea ]" not in shown
    assert fetch(second, "/readyz", "tiny.example").headers["X-Release"] == before


@pytest.mark.usefixtures("second")
def test_region_must_be_chosen(tiny: HostedApp) -> None:
    done = tiny.workstation.hosting("status", check=False)

    assert done.returncode == 2
    assert "Choose one with --region" in done.stdout


def test_uncommitted_changes_are_an_error(tiny: HostedApp) -> None:
    (tiny.workstation.clone / "app.py").write_text("# unfinished\n")

    shown = tiny.workstation.hosting("deploy", "--yes", check=False).stdout

    assert "There are uncommitted changes. Commit, or pass --allow-dirty." in shown
