"""What cannot serve is rejected, says why in its last lines, and what is live never notices."""

from collections.abc import Callable, Iterator

import pytest

from .conftest import Hosted
from .laptop import ask

Break = dict[str, str]
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


@pytest.fixture(autouse=True, scope="module")
def impatient(tiny: Hosted) -> Iterator[None]:
    """A server that gives up after ten seconds, not sixty."""
    change = "sed -i 's/^START = .*/START = {}/' /srv/tiny/hosting/server/story.py"
    tiny.server.root(change.format(10.0))
    yield
    tiny.server.root(change.format(60.0))


@pytest.mark.parametrize(("changes", "why"), BROKEN.values(), ids=BROKEN)
def test_broken_push_is_rejected(
    tiny: Hosted, changes: Break, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_rejected(
        tiny, changes, why, lambda: tiny.laptop.git("push", "sjc", "main", check=False).stdout
    )


def assert_rejected(tiny: Hosted, changes: Break, why: str, push: Callable[[], str]) -> None:
    before = ask(tiny.server, "/readyz", "tiny.example").headers["X-Release"]
    kept = {name: (tiny.laptop.clone / name).read_text() for name in changes}
    tiny.laptop.commit("Broken", **changes)
    try:
        shown = push()
    finally:
        tiny.laptop.commit("Mended", **kept)

    assert why in "\n".join(shown.splitlines()[-6:]), shown
    assert "pre-receive hook declined" in shown
    assert "Traceback" not in shown.splitlines()[-1]
    assert ask(tiny.server, "/readyz", "tiny.example").headers["X-Release"] == before
    log = tiny.laptop.hosting("build-logs").stdout
    assert why in log
    units = tiny.server.root(
        f"systemctl --user -M {tiny.name}@ list-units 'process-*' --all --plain"
    )
    assert units.count("process-web@") == 1, units
    failed = "list-units --failed --plain --no-legend"
    assert tiny.server.root(f"systemctl --user -M {tiny.name}@ {failed}") == ""


def test_full_disk_is_told_before_anything_begins(tiny: Hosted) -> None:
    free = tiny.server.root("df --output=avail -B1 /srv/tiny | tail -1")
    limit = "/srv/tiny/hosting/server/story.py"
    tiny.server.root(f"sed -i 's/^SPACE = .*/SPACE = {int(free) * 2}/' {limit}")
    try:
        assert_rejected(
            tiny, {}, "The disk is nearly full",
            lambda: tiny.laptop.git("push", "sjc", "HEAD:main", check=False).stdout,
        )  # fmt: skip
    finally:
        tiny.server.root(f"sed -i 's/^SPACE = .*/SPACE = 300_000_000/' {limit}")


@pytest.mark.parametrize("refspec", ["HEAD:refs/heads/other", "HEAD:refs/tags/v1", ":main"])
def test_only_main_is_deployed_and_never_deleted(tiny: Hosted, refspec: str) -> None:
    done = tiny.laptop.git("push", "sjc", refspec, check=False)

    assert done.returncode
    assert "Nothing was" in done.stdout
    assert ask(tiny.server, "/readyz", "tiny.example").status == 200


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting")]
