"""A release that cannot serve is rejected with the reason; the live release keeps serving."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from .hosted_app import HostedApp
from .web import LoadClients

BROKEN: dict[str, tuple[dict[str, str], str]] = {
    "import error": ({"app.py": "import no_such_module"}, "no_such_module"),
    "missing variable": ({"app.py": "import os\nos.environ['MISSING']"}, "MISSING"),
    "failing migration": (
        {"Procfile": "release: echo relation locked; exit 1\nweb: gunicorn app:app\n"},
        "The release phase failed. Last output: relation locked",
    ),
    "not ready": (
        {
            "Procfile": "web: BROKEN='no tables' exec gunicorn app:app\n",
            "pyproject.toml": "[tool.hosting]\nhealth-check-timeout = 15\n",
        },
        '/readyz returned 503: {"release": "',
    ),
    "crash": ({"Procfile": "web: echo giving up; exit 3\n"}, "Last output: giving up"),
    "unknown package": ({"requirements.txt": "gunicornn-no-such-thing"}, "pip could not install"),
    "no Procfile": ({"Procfile": ""}, "The Procfile has no line that starts with `web:`."),
    "wrong manifest": (
        {"pyproject.toml": "[tool.hosting]\nhealth = '/'\n"},
        "[tool.hosting] in pyproject.toml is invalid: unknown key `health`",
    ),
}


@contextmanager
def old_release_serves(tiny: HostedApp) -> Iterator[None]:
    """Send requests meanwhile, and assert that the live release responds to all of them."""

    def request() -> str:
        response = tiny.get("/readyz")
        return f"{response.status} from release {response.headers['X-Release']}"

    before = tiny.release
    with LoadClients([request] * 2, pause=0.2) as clients:
        yield
        clients.wait_for_all()
    assert {sample.outcome for sample in clients.samples} == {f"200 from release {before}"}
    tiny.assert_consistent()


def assert_rejected(tiny: HostedApp, reason: str) -> None:
    """Push, and assert that the output ends with the reason and the build log contains it."""
    with old_release_serves(tiny):
        output = tiny.push().stdout

    assert reason in "\n".join(output.splitlines()[-6:]), output
    assert "[remote rejected]" in output
    assert reason in tiny.workstation.hosting("build-logs").stdout
    failed = "systemctl --user -M tiny@ list-units --failed --plain --no-legend"
    assert tiny.server.root(failed) == ""


@pytest.mark.parametrize(("files", "reason"), BROKEN.values(), ids=BROKEN)
def test_broken_push_is_rejected(tiny: HostedApp, files: dict[str, str], reason: str) -> None:
    tiny.workstation.commit("Broken", files)

    assert_rejected(tiny, reason)


@pytest.mark.usefixtures("small_disk")
def test_full_disk_is_reported_first(tiny: HostedApp) -> None:
    tiny.workstation.commit("Valid")

    assert_rejected(tiny, "The disk is nearly full")


@pytest.mark.parametrize("refspec", ["HEAD:refs/heads/other", "HEAD:refs/tags/v1", ":main"])
def test_refs_other_than_main_are_rejected(tiny: HostedApp, refspec: str) -> None:
    with old_release_serves(tiny):
        done = tiny.workstation.git("push", "fra", refspec, check=False)

    assert done.returncode
    assert "Not de" in done.stdout  # deployed, deleted


def test_app_without_manifest_is_checked_at_its_home_page(tiny: HostedApp) -> None:
    tiny.workstation.commit("No manifest", {"pyproject.toml": ""})

    assert tiny.push().returncode == 0
    assert '"nginx": "ready"' in tiny.workstation.hosting("status", "--json").stdout
    tiny.assert_consistent()
