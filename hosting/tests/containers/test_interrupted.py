"""A deploy that is interrupted after any step leaves the old or the new release live.

The process is killed, then the systemd that runs it, then the whole server; or the disk is full.
In each case the client's message, git's main, the audit log and what is live agree.
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
from contextlib import suppress
from agent import deploy
from agent.dispatch import main

def die(*_):
    "The end."
    if "{how}" == "power failure":
        open("{WAITING}", "w").close()
        time.sleep(600)
    if "{how}" == "full disk":
        for size in (2 ** 20, 1):
            with suppress(OSError), open("/srv/tiny/home/full", "ab", 0) as file:
                while True:
                    file.write(bytes(size))
        return
    os.kill(os.getppid() if "{how}" == "systemd" else os.getpid(), signal.SIGKILL)
    time.sleep(600)

if "{how}" == "full disk":
    deploy.MIN_FREE = 0
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


def interrupt(app: HostedApp, step: str, how: str) -> None:
    """Interrupt the deploys to come after a step, and commit a change."""
    text = FAULTY_MAIN.format(after=step, how=how, WAITING=WAITING)
    app.server.root(f"cat >{MAIN}", stdin=text)
    app.workstation.commit(f"{how} after {step}")


@pytest.mark.parametrize("step", STEPS)
def test_process_killed_after(faulty: HostedApp, step: str) -> None:
    before = faulty.release
    interrupt(faulty, step, "process")

    done = faulty.push()

    assert (done.returncode == 0) == is_live_after(step), done.stdout
    assert (faulty.release > before) == is_live_after(step)
    assert ("failed: The deploy was interrupted." in done.stdout) != is_live_after(step)
    faulty.assert_consistent()


@pytest.mark.parametrize("step", ["confirm", "activate"])
def test_systemd_killed_after(faulty: HostedApp, step: str) -> None:
    before = faulty.release
    interrupt(faulty, step, "systemd")

    done = faulty.push()

    faulty.wait_until_consistent()
    assert (done.returncode == 0) == is_live_after(step), done.stdout
    assert (faulty.release > before) == is_live_after(step)


@pytest.mark.parametrize("step", ["extract", "activate"])
@pytest.mark.usefixtures("small_disk")
def test_disk_full_after(faulty: HostedApp, step: str) -> None:
    before = faulty.release
    interrupt(faulty, step, "full disk")

    done = faulty.push()

    assert (done.returncode == 0) == is_live_after(step) == (faulty.release > before), done.stdout
    assert done.returncode == 0 or "No space left on device" in done.stdout.splitlines()[-2]
    faulty.assert_consistent()


@pytest.mark.parametrize("step", STATES)
def test_power_failure_after(faulty: HostedApp, step: str) -> None:
    before = faulty.release
    interrupt(faulty, step, "power failure")
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
        tiny.server.root("pkill -KILL -u tiny -f 'hooks/|receive-pack'", check=False)
        push.communicate()

    assert push.returncode
    wait_until(lambda: tiny.release > before, "the release is live")
    tiny.wait_until_consistent()
    assert tiny.push().returncode == 0
    tiny.assert_consistent()
