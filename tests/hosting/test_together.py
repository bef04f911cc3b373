"""Several at once, and clients that go away: one after the other, or a clear refusal."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.system.servers import eventually

from .hosted import Hosted

PUSH = ["git", "push", "sjc", "main"]


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
    tiny.assert_nothing_is_between()


def test_push_during_rollback(tiny: Hosted) -> None:
    tiny.laptop.hosting("restart")  # there must be a release to go back to
    tiny.laptop.commit("Meets a rollback")

    with tiny.laptop.begun_hosting("rollback") as rollback, tiny.laptop.begun(*PUSH) as push:
        both = [rollback, push]
        shown = [one.communicate()[0] for one in both]

    for one, text in zip(both, shown, strict=True):
        assert one.returncode == 0 or "Somebody else is deploying this app." in text
    assert 0 in [one.returncode for one in both]
    tiny.assert_nothing_is_between()


def test_client_that_is_killed_stops_nothing(tiny: Hosted) -> None:
    before = tiny.release
    tiny.laptop.commit("The client is killed")
    with tiny.laptop.begun(*PUSH) as pushing:
        assert pushing.stdout is not None
        next(line for line in pushing.stdout if "smoke" in line)
        os.killpg(pushing.pid, signal.SIGKILL)

    eventually(lambda: tiny.release > before, "the release is live")
    tiny.settle()
    assert tiny.push().returncode == 0
    tiny.assert_nothing_is_between()


def test_client_that_stops_reading_holds_nobody_up(tiny: Hosted) -> None:
    before = tiny.release
    tiny.laptop.commit("The client stops")
    with tiny.laptop.begun(*PUSH) as pushing:
        assert pushing.stdout is not None
        next(line for line in pushing.stdout if "smoke" in line)
        os.killpg(pushing.pid, signal.SIGSTOP)
        try:
            eventually(lambda: tiny.release > before, "the release is live")
            assert tiny.laptop.hosting("restart").returncode == 0
        finally:
            os.killpg(pushing.pid, signal.SIGKILL)
    tiny.assert_nothing_is_between()


def test_request_that_began_before_a_switch_is_finished(tiny: Hosted) -> None:
    old = tiny.release
    connected = f"awk '$6 == \"03\"' /proc/net/unix | grep /{old}.sock"
    with ThreadPoolExecutor() as reader:
        slow = reader.submit(tiny.ask, "/slow")
        eventually(lambda: tiny.server.root(connected, check=False), "it has begun")
        tiny.laptop.hosting("restart")
        new = tiny.release
        answer = slow.result()

    assert (answer.status, answer.headers["X-Release"]) == (200, str(old))
    assert new > old
    tiny.assert_nothing_is_between()


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting-tiny")]
