"""The same app on two servers: one after the other, and not on when one fails."""

from collections.abc import Iterator

import pytest

from tests.containers.bare import Bare
from tests.containers.engine import Engine

from .hosted import Hosted
from .laptop import ask


@pytest.fixture(scope="module")
def sea(engine: Engine, only_tiny: Hosted) -> Iterator[Bare]:
    """A second server, with the same app."""
    laptop = only_tiny.laptop
    with Bare(engine) as server:
        server.let_in(laptop.public)
        try:
            laptop.set_up(server, "tiny", "--region", "sea", domain="tiny.example")
            laptop.hosting("deploy", "--yes", "--region", "sea")
            yield server
        finally:
            laptop.hosting("logout", "--region", "sea", check=False)


def deploy(tiny: Hosted) -> str:
    both = ("-r", "sjc", "-r", "sea")
    return tiny.laptop.hosting("deploy", "--yes", *both, check=False).stdout


def test_two_regions_are_deployed_one_after_the_other(tiny: Hosted, sea: Bare) -> None:
    commit = tiny.laptop.commit("For both")

    shown = deploy(tiny)

    first = shown.index("Your site [ tiny ] at [ sjc ] is up")
    assert first < shown.index("Your site [ tiny ] at [ sea ] is up")
    table = tiny.laptop.hosting("list").stdout.splitlines()
    assert [line.split()[1] for line in table] == ["sjc", "sea"]
    assert all(commit[:9] in line for line in table)
    assert ask(sea, "/", "tiny.example").status == 200


def test_second_region_is_left_alone_when_the_first_fails(tiny: Hosted, sea: Bare) -> None:
    before = ask(sea, "/readyz", "tiny.example").headers["X-Release"]
    tiny.laptop.commit("Broken", **{"tiny.py": "import nothing_of_the_kind"})

    shown = deploy(tiny)

    assert "[ sjc ] Not deployed. The lines above say why." in shown
    assert "[ sea ]" not in shown
    assert ask(sea, "/readyz", "tiny.example").headers["X-Release"] == before


def test_which_region_must_be_said(tiny: Hosted, sea: Bare) -> None:
    done = tiny.laptop.hosting("status", check=False)

    assert done.returncode == 2
    assert "Which one? Say --region" in done.stdout


def test_uncommitted_work_is_not_deployed(tiny: Hosted, sea: Bare) -> None:
    (tiny.laptop.clone / "tiny.py").write_text("# unfinished\n")

    shown = deploy(tiny)

    assert "Some changes are not committed. Commit them, or say --allow-dirty." in shown


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting-tiny")]
