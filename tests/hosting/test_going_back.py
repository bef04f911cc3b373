"""Going back, and on again: what git takes for new afterwards, and what variables there are."""

import json

import pytest

from .hosted import Hosted


def live(tiny: Hosted) -> dict[str, object]:
    """Return what is known of the release that is live."""
    history = json.loads(tiny.laptop.hosting("releases", "--json").stdout)
    return next(dict(one) for one in history if one["live"])


def test_restarts_are_nothing_to_go_back_to(tiny: Hosted) -> None:
    good = tiny.laptop.commit("Good")
    assert tiny.push().returncode == 0
    tiny.laptop.commit("Bad")
    assert tiny.push().returncode == 0
    for _ in range(2):
        tiny.laptop.hosting("restart")

    tiny.laptop.hosting("rollback")

    assert live(tiny)["commit"] == good


def test_what_was_rolled_back_can_be_deployed_again(tiny: Hosted) -> None:
    tiny.laptop.commit("Good")
    assert tiny.push().returncode == 0
    again = tiny.laptop.commit("Not so bad after all")
    assert tiny.push().returncode == 0
    tiny.laptop.hosting("rollback")

    said = tiny.laptop.hosting("deploy", "--yes").stdout

    assert "is up" in said
    assert live(tiny)["commit"] == again


def test_variables_come_with_a_deploy_of_nothing_new(tiny: Hosted) -> None:
    tiny.laptop.commit("Is live")
    assert tiny.push().returncode == 0
    before = live(tiny)

    tiny.laptop.hosting("deploy", "--yes", "--env", "NEW_ONE=1")

    shown = tiny.laptop.hosting("run", "--", "env").stdout
    tiny.laptop.hosting("config", "unset", "NEW_ONE")
    assert "NEW_ONE=1\n" in shown
    assert live(tiny)["commit"] == before["commit"]


def test_variables_of_a_rejected_deploy_are_forgotten(tiny: Hosted) -> None:
    tiny.laptop.commit("Broken", Procfile="web: exit 1\n")

    done = tiny.laptop.hosting("deploy", "--yes", "--env", "UNWANTED=1", check=False)
    tiny.laptop.tidy()
    assert tiny.push().returncode == 0

    assert done.returncode == 1
    assert "UNWANTED" not in tiny.laptop.hosting("config", "list").stdout


def test_full_disk_keeps_nobody_from_going_back(tiny: Hosted) -> None:
    change = "sed -i 's/^SPACE = .*/SPACE = {}/' /srv/tiny/hosting/server/story.py"
    tiny.server.root(change.format("10**18"))
    try:
        tiny.laptop.commit("Needs room")
        pushed = tiny.push()
        restarted = tiny.laptop.hosting("restart", check=False)
    finally:
        tiny.server.root(change.format("300_000_000"))

    assert "The disk is nearly full" in pushed.stdout
    assert restarted.returncode == 0


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting-tiny")]
