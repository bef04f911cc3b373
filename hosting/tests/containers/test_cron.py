"""Cron entries run in the live release; `status`, `check` and `logs` show their runs."""

import json

from .hosted_app import RESTART, TINY, HostedApp
from .web import wait_until

SETTINGS = TINY["pyproject.toml"].read_text()
# Often, for the tests.
ENTRIES = """
[tool.hosting.cron]
tick = { schedule = "*:*:0/5", command = "echo tick of $RELEASE" }
broken = { schedule = "*:*:0/5", command = "exit 3" }
idle = { schedule = "yearly", command = "true" }
"""
LIST = "systemctl --user -M tiny@ list-units --no-legend --plain 'cron-*.timer'"


def results(app: HostedApp) -> dict[str, str]:
    """Return the results of the last runs."""
    status = json.loads(app.workstation.hosting("status", "--json").stdout)
    return {one["name"]: one["result"] for one in status["cron"]}


def problems(app: HostedApp) -> str:
    """Return what `check` prints."""
    return app.workstation.hosting("check", check=False).stdout


def ticks(app: HostedApp, release: int) -> bool:
    """Return True if the entry has run in a release, according to the log."""
    logs = ("logs", "--process", "cron-tick", "--from", "1h", "--no-follow")
    return f"tick of {release}\n" in app.workstation.hosting(*logs).stdout


def test_cron_entries_follow_the_live_release(tiny: HostedApp) -> None:
    workstation = tiny.workstation
    workstation.commit("Cron", {"pyproject.toml": f"{SETTINGS}{ENTRIES}"})
    assert tiny.push().returncode == 0

    wait_until(lambda: ticks(tiny, tiny.release), "the entry runs")
    wait_until(lambda: "status 3" in results(tiny)["broken"], "the result is shown")
    assert results(tiny)["idle"] == "has not run since the server has started"
    wait_until(lambda: "broken failed with exit status 3 at " in problems(tiny), "it is reported")
    assert "The cron entry tick" not in problems(tiny)

    workstation.hosting("restart")
    wait_until(lambda: ticks(tiny, tiny.release), "the entry runs in the next release")

    tiny.server.root(RESTART)  # as at boot
    wait_until(
        lambda: len(tiny.server.root(LIST, check=False).splitlines()) == 3, "timers are back"
    )

    workstation.reset()
    assert tiny.push().returncode == 0
    assert tiny.server.root(LIST, check=False) == ""
    tiny.assert_consistent()
    assert workstation.hosting("check").returncode == 0


def test_invalid_schedule_is_refused_before_the_build(tiny: HostedApp) -> None:
    entry = 'cron = { tick = { schedule = "0 3 * * *", command = "true" } }\n'
    tiny.workstation.commit("Invalid", {"pyproject.toml": f"{SETTINGS}{entry}"})

    done = tiny.push()

    assert done.returncode
    assert "The schedule of the cron entry `tick` is invalid: '0 3 * * *'." in done.stdout
    assert "build:" not in done.stdout
