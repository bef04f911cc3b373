"""A deploy killed at any arrow of its story leaves the old release live, or the new one.

It is killed alone, and with the whole server.
"""

from collections.abc import Iterator

import pytest

from hosting.server.story import STORY
from tests.system.servers import eventually

from .hosted import Hosted

MAIN = "/srv/tiny/hosting/__main__.py"
WAITING = "/srv/tiny/state/waiting"
# Runs instead of what setup has put there: the same story, with one step more.
DEADLY = """
import os, signal, sys, time
from server import story
from server.gate import main

def die(*_):
    "The end."
    if {whole}:
        open("{WAITING}", "w").close()
        time.sleep(600)
    os.kill(os.getpid(), signal.SIGKILL)

names = [step.__name__ for step in story.STORY]
if "{after}" in names:
    story.STORY.insert(names.index("{after}") + 1, die)
else:
    story.perform = die
sys.exit(main(sys.argv[1:]))
"""
# Before the first step, somebody has asked for a release, and it has a number.
STEPS = ["asked", *(step.__name__ for step in STORY)]


@pytest.fixture
def deadly(tiny: Hosted) -> Iterator[Hosted]:
    """A server whose own files are put back afterwards."""
    tiny.server.root(f"cp {MAIN} /root/main.py")
    yield tiny
    tiny.server.root(f"cp /root/main.py {MAIN}; rm -f {WAITING}")


def is_live(step: str) -> bool:
    """Tell whether the new release is what is live after a step."""
    return STEPS.index(step) >= STEPS.index("live")


@pytest.mark.parametrize("step", STEPS)
def test_killed_after(deadly: Hosted, step: str) -> None:
    before = deadly.release
    text = DEADLY.format(after=step, whole=False, WAITING=WAITING)
    deadly.server.root(f"cat >{MAIN}", said=text)
    deadly.laptop.commit(f"Killed after {step}")

    done = deadly.push()

    assert (done.returncode == 0) == is_live(step), done.stdout
    assert (deadly.release > before) == is_live(step)
    deadly.assert_nothing_is_between()


@pytest.mark.parametrize("step", STEPS)
def test_server_that_loses_power_after(deadly: Hosted, step: str) -> None:
    before = deadly.release
    text = DEADLY.format(after=step, whole=True, WAITING=WAITING)
    deadly.server.root(f"cat >{MAIN}", said=text)
    deadly.laptop.commit(f"Lost power after {step}")
    with deadly.laptop.begun("git", "push", "sjc", "main"):
        waiting = f"test -e {WAITING} && echo yes"
        eventually(lambda: deadly.server.root(waiting, check=False), "it is there")
        deadly.server.cut_power()

    deadly.settle()
    assert (deadly.release > before) == is_live(step)
    deadly.assert_nothing_is_between()


def test_deploy_outlives_its_hook(tiny: Hosted) -> None:
    before = tiny.release
    tiny.laptop.commit("Its hook is killed")
    with tiny.laptop.begun("git", "push", "sjc", "main") as pushing:
        assert pushing.stdout is not None
        next(line for line in pushing.stdout if "smoke" in line)
        tiny.server.root("pkill -KILL -u tiny -f 'hosting hook|receive-pack'", check=False)
        pushing.communicate()

    assert pushing.returncode
    eventually(lambda: tiny.release > before, "the release is live")
    tiny.settle()
    assert tiny.push().returncode == 0
    tiny.assert_nothing_is_between()


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting-tiny")]
