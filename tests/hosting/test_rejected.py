"""What cannot serve is rejected, says why in its last lines, and what is live never notices."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.system.load import Crowd
from tests.system.traffic import outcome_of

from .hosted import Hosted

Break = dict[str, str]
# On top of all but the sockets, which must be where they are.
SMALL_DISK = """
mount -t tmpfs -o size=200m small /mnt && mkdir /mnt/new /mnt/work /mnt/run
chown --reference=/srv/tiny /mnt/new && chmod --reference=/srv/tiny /mnt/new
mount --bind /srv/tiny/run /mnt/run
mount -t overlay -o lowerdir=/srv/tiny,upperdir=/mnt/new,workdir=/mnt/work small /srv/tiny
mount --bind /mnt/run /srv/tiny/run
"""
BROKEN: dict[str, tuple[Break, str]] = {
    "import error": ({"tiny.py": "import nothing_of_the_kind"}, "nothing_of_the_kind"),
    "missing variable": (
        {"tiny.py": "import os\nos.environ['NEEDED_THING']"},
        "NEEDED_THING",
    ),
    "failing migration": (
        {"Procfile": "release: echo relation locked; exit 1\nweb: gunicorn tiny:app\n"},
        "The release phase failed. Its last words: relation locked",
    ),
    "not ready": (
        {"Procfile": "web: BROKEN='no tables' exec gunicorn tiny:app\n"},
        "database: no tables",
    ),
    "dies": ({"Procfile": "web: echo I give up; exit 3\n"}, "I give up"),
    "misspelt package": ({"requirements.txt": "gunicornn-no-such-thing"}, "pip could not install"),
    "no Procfile": ({"Procfile": ""}, "The Procfile has no line that begins with `web:`."),
}


READERS = 2


@pytest.fixture(autouse=True, scope="module")
def impatient(only_tiny: Hosted) -> Iterator[None]:
    """A server that gives up after eight seconds, not sixty."""
    change = "sed -i 's/^START = .*/START = {}/' /srv/tiny/hosting/server/story.py"
    only_tiny.server.root(change.format(8.0))
    yield
    only_tiny.server.root(change.format(60.0))


@contextmanager
def nobody_notices(tiny: Hosted) -> Iterator[None]:
    """Let readers come meanwhile, and expect each of them to be served by the old release."""

    def ask() -> str:
        answer = tiny.ask("/readyz")
        return f"{answer.status} of release {answer.headers['X-Release']}"

    before = tiny.release
    with Crowd([lambda: outcome_of(ask)] * READERS, pause=0.05) as readers:
        yield
        readers.wait_for(READERS, lambda _: True, time.monotonic())
    assert {answer.outcome for answer in readers.answers} == {f"200 of release {before}"}
    tiny.assert_nothing_is_between()


def assert_rejected(tiny: Hosted, why: str) -> None:
    """Push, and expect to be told why not at the end, and later on, too."""
    with nobody_notices(tiny):
        shown = tiny.push().stdout

    assert why in "\n".join(shown.splitlines()[-6:]), shown
    assert "pre-receive hook declined" in shown
    assert "Traceback" not in shown.splitlines()[-1]
    assert why in tiny.laptop.hosting("build-logs").stdout
    failed = f"systemctl --user -M {tiny.name}@ list-units --failed --plain --no-legend"
    assert tiny.server.root(failed) == ""


@pytest.mark.parametrize(("changes", "why"), BROKEN.values(), ids=BROKEN)
def test_broken_push_is_rejected(tiny: Hosted, changes: Break, why: str) -> None:
    tiny.laptop.commit("Broken", **changes)

    assert_rejected(tiny, why)


@pytest.fixture
def small_disk(tiny: Hosted) -> Iterator[None]:
    """A disk of 200 MB on top of what the app has: what is written there is gone afterwards."""
    tiny.server.root(SMALL_DISK)
    yield
    tiny.server.root("umount --lazy /srv/tiny/run /srv/tiny /mnt/run /mnt")


@pytest.mark.usefixtures("small_disk")
def test_full_disk_is_told_before_anything_begins(tiny: Hosted) -> None:
    tiny.laptop.commit("Nothing is wrong with it")

    assert_rejected(tiny, "The disk is nearly full")


@pytest.mark.parametrize("refspec", ["HEAD:refs/heads/other", "HEAD:refs/tags/v1", ":main"])
def test_only_main_is_deployed_and_never_deleted(tiny: Hosted, refspec: str) -> None:
    with nobody_notices(tiny):
        done = tiny.laptop.git("push", "sjc", refspec, check=False)

    assert done.returncode
    assert "Nothing was" in done.stdout


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting-tiny")]
