"""A deploy killed at any arrow of its story leaves the old release live, or the new one."""

from collections.abc import Iterator

import pytest

from hosting.server.story import STORY
from tests.system.servers import eventually

from .conftest import Hosted
from .laptop import ask

MAIN = "/srv/tiny/hosting/__main__.py"
# Runs instead of what setup has put there: the same story, with one step more.
DEADLY = """
import os, signal, sys, time
from server import story
from server.gate import main

def die(deploy):
    "The end."
    if {whole}:
        open("/srv/tiny/state/waiting", "w").close()
        time.sleep(600)
    os.kill(os.getpid(), signal.SIGKILL)

names = [step.__name__ for step in story.STORY]
story.STORY.insert(names.index("{after}") + 1, die)
sys.exit(main(sys.argv[1:]))
"""
STEPS = [step.__name__ for step in STORY]


@pytest.fixture
def deadly(tiny: Hosted) -> Iterator[Hosted]:
    """A server whose own files are put back afterwards."""
    tiny.server.root(f"cp {MAIN} /root/main.py")
    yield tiny
    tiny.server.root(f"cp /root/main.py {MAIN}; rm -f /srv/tiny/state/waiting")


def release_now(tiny: Hosted) -> int:
    """Return the release that answers; nginx keeps other pages for a second."""
    return int(ask(tiny.server, "/readyz", "tiny.example").headers["X-Release"])


def assert_nothing_is_between(tiny: Hosted) -> None:
    """Everything says the same: what is current, what nginx asks, what runs, what is noted."""
    number = release_now(tiny)
    look = (
        "readlink /srv/tiny/state/current /srv/tiny/run/live.sock; systemctl --user -M tiny@ "
        "list-units --plain --no-legend --state=active 'process-web@*' | cut -d' ' -f1"
    )
    assert tiny.server.root(look).split() == [
        f"/srv/tiny/releases/{number}",
        f"{number}.sock",
        f"process-web@{number}-1.service",
    ]
    shown = tiny.laptop.hosting("releases").stdout.splitlines()
    assert [line.split()[0] for line in shown if "live now" in line] == [str(number)]
    assert not [line for line in shown if "being made" in line]


@pytest.mark.parametrize("step", STEPS)
def test_killed_after(deadly: Hosted, step: str) -> None:
    before = release_now(deadly)
    deadly.server.root(f"cat >{MAIN}", said=DEADLY.format(after=step, whole=False))
    deadly.laptop.commit(f"Killed after {step}")

    done = deadly.laptop.git("push", "sjc", "main", check=False)

    is_live = STEPS.index(step) >= STEPS.index("live")
    assert (done.returncode == 0) == is_live, done.stdout
    assert (release_now(deadly) > before) == is_live
    deadly.server.root("flock --timeout 10 /srv/tiny/state/lock true")
    assert_nothing_is_between(deadly)


@pytest.mark.parametrize("step", ["gate", "switch", "live"])
def test_server_that_loses_power_after(deadly: Hosted, step: str) -> None:
    before = release_now(deadly)
    deadly.server.root(f"cat >{MAIN}", said=DEADLY.format(after=step, whole=True))
    deadly.laptop.commit(f"Lost power after {step}")
    with deadly.laptop.begun("git", "push", "sjc", "main"):
        waiting = "test -e /srv/tiny/state/waiting && echo yes"
        eventually(lambda: "yes" in deadly.server.root(waiting, check=False), "it is there")
        deadly.server.reboot()

    eventually(lambda: answers(deadly), "the site is back")
    assert (release_now(deadly) > before) == (step == "live")
    eventually(lambda: is_settled(deadly), "nothing is between")
    assert_nothing_is_between(deadly)


def answers(tiny: Hosted) -> bool:
    try:
        return ask(tiny.server, "/readyz", "tiny.example").status == 200
    except OSError:
        return False


def is_settled(tiny: Hosted) -> bool:
    return "being made" not in tiny.laptop.hosting("releases", check=False).stdout


def test_deploy_outlives_its_hook(tiny: Hosted) -> None:
    before = release_now(tiny)
    tiny.laptop.commit("Its hook is killed")
    with tiny.laptop.begun("git", "push", "sjc", "main") as pushing:
        assert pushing.stdout is not None
        next(line for line in pushing.stdout if "smoke" in line)
        tiny.server.root("pkill -KILL -u tiny -f 'hosting hook|receive-pack'", check=False)
        pushing.communicate()

    assert pushing.returncode
    eventually(lambda: release_now(tiny) > before, "the release is live")
    eventually(lambda: is_settled(tiny), "it is done")
    assert tiny.laptop.git("push", "--force", "sjc", "main").returncode == 0
    assert_nothing_is_between(tiny)


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting")]
