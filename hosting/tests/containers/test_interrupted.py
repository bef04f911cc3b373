"""A deploy that is killed after any step leaves the old or the new release live.

First the process alone is killed, then the whole server.
"""

from collections.abc import Iterator

import pytest

from hosting.agent.deploy import PIPELINE

from .hosted_app import HostedApp
from .web import wait_until

MAIN = "/srv/tiny/hosting/__main__.py"
WAITING = "/srv/tiny/state/waiting"
# Replaces the agent's entry point: the same pipeline with one more step.
FAULTY_MAIN = """
import os, signal, sys, time
from agent import deploy
from agent.dispatch import main

def die(*_):
    "The end."
    if {power_failure}:
        open("{WAITING}", "w").close()
        time.sleep(600)
    os.kill(os.getpid(), signal.SIGKILL)

names = [step.__name__ for step in deploy.PIPELINE]
if "{after}" in names:
    deploy.PIPELINE.insert(names.index("{after}") + 1, die)
else:
    deploy.deploy = die
sys.exit(main(sys.argv[1:]))
"""
STEPS = ["request", *(step.__name__ for step in PIPELINE)]  # before the first step: requested
# A reboot takes long, so these are the steps after which the state on the server differs.
STATES = [
    "request", "extract", "start", "switch", "confirm", "activate", "start_workers", "prune",
]  # fmt: skip


@pytest.fixture
def faulty(tiny: HostedApp) -> Iterator[HostedApp]:
    """The minimal app; its agent is restored afterwards."""
    tiny.server.root(f"cp {MAIN} /root/main.py")
    yield tiny
    tiny.server.root(f"cp /root/main.py {MAIN}; rm -f {WAITING}")


def is_live_after(step: str) -> bool:
    """Return True if the new release is the live one after a step."""
    return STEPS.index(step) >= STEPS.index("activate")


@pytest.mark.parametrize("step", STEPS)
def test_process_killed_after(faulty: HostedApp, step: str) -> None:
    before = faulty.release
    text = FAULTY_MAIN.format(after=step, power_failure=False, WAITING=WAITING)
    faulty.server.root(f"cat >{MAIN}", stdin=text)
    faulty.workstation.commit(f"Killed after {step}")

    done = faulty.push()

    assert (done.returncode == 0) == is_live_after(step), done.stdout
    assert (faulty.release > before) == is_live_after(step)
    faulty.assert_consistent()


@pytest.mark.parametrize("step", STATES)
def test_power_failure_after(faulty: HostedApp, step: str) -> None:
    before = faulty.release
    text = FAULTY_MAIN.format(after=step, power_failure=True, WAITING=WAITING)
    faulty.server.root(f"cat >{MAIN}", stdin=text)
    faulty.workstation.commit(f"Power failure after {step}")
    with faulty.workstation.started("git", "push", "fra", "main"):
        waiting = f"test -e {WAITING} && echo yes"
        wait_until(lambda: faulty.server.root(waiting, check=False), "the step is reached")
        faulty.server.cut_power()

    faulty.wait_until_consistent()
    assert (faulty.release > before) == is_live_after(step)


def test_deploy_survives_its_hook(tiny: HostedApp) -> None:
    before = tiny.release
    tiny.workstation.commit("The hook is killed")
    with tiny.workstation.started("git", "push", "fra", "main") as push:
        assert push.stdout is not None
        next(line for line in push.stdout if "smoke_test" in line)
        tiny.server.root("pkill -KILL -u tiny -f 'hosting hook|receive-pack'", check=False)
        push.communicate()

    assert push.returncode
    wait_until(lambda: tiny.release > before, "the release is live")
    tiny.wait_until_consistent()
    assert tiny.push().returncode == 0
    tiny.assert_consistent()
