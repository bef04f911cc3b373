"""Rollbacks, pushes after a rollback, and variables of deploys."""

import json

from .hosted_app import HostedApp


def live(app: HostedApp) -> dict[str, object]:
    """Return the record of the live release."""
    records = json.loads(app.workstation.hosting("releases", "--json").stdout)
    return next(dict(one) for one in records if one["live"])


def test_rollback_skips_restarts(tiny: HostedApp) -> None:
    good = tiny.workstation.commit("Good")
    assert tiny.push().returncode == 0
    tiny.workstation.commit("Bad")
    assert tiny.push().returncode == 0
    tiny.workstation.hosting("restart")

    tiny.workstation.hosting("rollback")

    assert live(tiny)["commit"] == good


def test_commit_can_be_deployed_again_after_rollback(tiny: HostedApp) -> None:
    tiny.workstation.commit("Good")
    assert tiny.push().returncode == 0
    again = tiny.workstation.commit("Rolled back")
    assert tiny.push().returncode == 0
    tiny.workstation.hosting("rollback")

    shown = tiny.workstation.hosting("deploy", "--yes").stdout

    assert "is up" in shown
    assert live(tiny)["commit"] == again


def test_deploy_of_the_live_commit_sets_variables(tiny: HostedApp) -> None:
    tiny.workstation.commit("Is live")
    assert tiny.push().returncode == 0
    before = live(tiny)

    tiny.workstation.hosting("deploy", "--yes", "--env", "EXAMPLE=1")

    shown = tiny.workstation.hosting("run", "--", "env").stdout
    tiny.workstation.hosting("config", "unset", "EXAMPLE")
    assert "EXAMPLE=1\n" in shown
    assert live(tiny)["commit"] == before["commit"]


def test_variables_of_a_rejected_deploy_are_dropped(tiny: HostedApp) -> None:
    tiny.workstation.commit("Broken", {"Procfile": "web: exit 1\n"})

    done = tiny.workstation.hosting("deploy", "--yes", "--env", "EXAMPLE=1", check=False)
    tiny.workstation.reset()
    assert tiny.push().returncode == 0

    assert done.returncode == 1
    assert "EXAMPLE" not in tiny.workstation.hosting("config", "list").stdout


def test_full_disk_rejects_pushes_but_not_restarts(tiny: HostedApp) -> None:
    change = "sed -i 's/^MIN_FREE = .*/MIN_FREE = {}/' /srv/tiny/hosting/agent/deploy.py"
    tiny.server.root(change.format("10**18"))
    try:
        tiny.workstation.commit("Needs space")
        pushed = tiny.push()
        restarted = tiny.workstation.hosting("restart", check=False)
    finally:
        tiny.server.root(change.format("300_000_000"))

    assert "The disk is nearly full" in pushed.stdout
    assert restarted.returncode == 0


def test_releases_of_the_same_code_share_no_files(tiny: HostedApp) -> None:
    tiny.workstation.hosting("run", "--", "sh", "-c", "echo one >written")
    old = tiny.release
    tiny.workstation.hosting("restart")

    tiny.workstation.hosting("run", "--", "sh", "-c", "echo two >>written")

    written = "cat /srv/tiny/releases/{}/src/written"
    assert tiny.server.root(written.format(old)) == "one\n"
    assert tiny.server.root(written.format(tiny.release)) == "one\ntwo\n"
