"""Several at once, and clients that go away: one after the other, or a clear refusal."""

import os
import signal

import pytest

from tests.system.servers import eventually

from .conftest import Hosted
from .test_killed import assert_nothing_is_between, is_settled, release_now

PUSH = ["git", "push", "--force", "sjc", "main"]


def test_two_pushes_at_once(tiny: Hosted) -> None:
    tiny.laptop.commit("Both push this")

    with tiny.laptop.begun(*PUSH) as one, tiny.laptop.begun(*PUSH) as other:
        pushing = [one, other]
        shown = [one.communicate()[0] for one in pushing]

    assert [one.returncode for one in pushing].count(0) >= 1, shown
    for one, text in zip(pushing, shown, strict=True):
        assert one.returncode == 0 or "Somebody else is deploying this app." in text
    live = tiny.laptop.git("rev-parse", "HEAD").stdout[:9]
    assert live in tiny.laptop.hosting("status").stdout
    assert_nothing_is_between(tiny)


def test_push_during_rollback(tiny: Hosted) -> None:
    tiny.laptop.commit("Meets a rollback")

    with tiny.laptop.begun_hosting("rollback") as rollback, tiny.laptop.begun(*PUSH) as push:
        both = [rollback, push]
        shown = [one.communicate()[0] for one in both]

    for one, text in zip(both, shown, strict=True):
        assert one.returncode == 0 or "Somebody else is deploying this app." in text
    assert 0 in [one.returncode for one in both]
    assert_nothing_is_between(tiny)


def test_client_that_is_killed_stops_nothing(tiny: Hosted) -> None:
    before = release_now(tiny)
    tiny.laptop.commit("The client is killed")
    with tiny.laptop.begun(*PUSH) as pushing:
        assert pushing.stdout is not None
        next(line for line in pushing.stdout if "smoke" in line)
        os.killpg(pushing.pid, signal.SIGKILL)

    eventually(lambda: release_now(tiny) > before, "the release is live")
    eventually(lambda: is_settled(tiny), "it is done")
    assert_nothing_is_between(tiny)
    assert tiny.laptop.git("push", "--force", "sjc", "main").returncode == 0


def test_client_that_stops_reading_holds_nobody_up(tiny: Hosted) -> None:
    before = release_now(tiny)
    tiny.laptop.commit("The client stops")
    with tiny.laptop.begun(*PUSH) as pushing:
        assert pushing.stdout is not None
        next(line for line in pushing.stdout if "smoke" in line)
        os.killpg(pushing.pid, signal.SIGSTOP)
        try:
            eventually(lambda: release_now(tiny) > before, "the release is live")
            assert tiny.laptop.hosting("restart").returncode == 0
        finally:
            os.killpg(pushing.pid, signal.SIGKILL)
    assert_nothing_is_between(tiny)


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting")]
