"""Whatever is deployed, rolled back, set, restarted and scaled: every request is answered."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from statistics import median
from threading import Thread

import pytest

from tests.system.load import Crowd, is_bad
from tests.system.servers import PATIENCE, eventually, fetch
from tests.system.traffic import ask as ask_kept
from tests.system.traffic import ask_once

from .conftest import Hosted
from .laptop import ask, connect

CLIENTS = 32
PAUSE = 0.4  # of each client, so that two processors have time for the deploys as well
PATH = "/auth/login"  # rendered by the site each time: this page is never kept by nginx


@contextmanager
def crowd(hosted: Hosted) -> Iterator[Crowd]:
    """Let readers come, half of whom keep their connection."""
    kept = [connect(hosted.server) for _ in range(CLIENTS // 2)]
    asks: list[Callable[[], str]] = [
        lambda connection=connection: ask_kept(connection, PATH)  # type: ignore[misc]  # bound now
        for connection in kept
    ]
    asks += [lambda: ask_once(connect(hosted.server), PATH)] * (CLIENTS // 2)
    with Crowd(asks, PAUSE) as readers:
        yield readers
    for connection in kept:
        connection.close()


def works(hosted: Hosted) -> Iterator[tuple[str, float]]:
    """Do eleven things, and yield what was done with the seconds that it took."""
    laptop = hosted.laptop
    things: list[tuple[str, Callable[[], object]]] = [
        *[("push", lambda: laptop.git("push", "sjc", "main"))] * 5,
        *[("rollback", lambda: laptop.hosting("rollback"))] * 2,
        ("config", lambda: laptop.hosting("config", "set", "A_LETTER", said="a")),
        ("config", lambda: laptop.hosting("config", "unset", "A_LETTER")),
        ("restart", lambda: laptop.hosting("restart")),
        ("scale", lambda: laptop.hosting("scale", "web=3")),
    ]
    for name, thing in things:
        if name == "push":
            laptop.commit(app__version=f"{time.time()}\n")
        began = time.monotonic()
        thing()
        yield name, time.monotonic() - began


def test_no_request_is_lost(
    flasky: Hosted, record_property: Callable[[str, object], None]
) -> None:
    before = int(ask(flasky.server, "/readyz").headers["X-Release"])
    with crowd(flasky) as readers:
        readers.wait_for_everybody(1, 0)
        took = list(works(flasky))
        readers.wait_for_everybody(1, time.monotonic())

    ends = sorted(answer.end for answer in readers.answers)
    gap = max(late - early for early, late in pairwise(ends))
    pushes = [seconds for name, seconds in took if name == "push"]
    slowest = max(answer.seconds for answer in readers.answers)
    record_property("requests", len(readers.answers))
    record_property("largest_gap_seconds", round(gap, 2))
    record_property("slowest_seconds", round(slowest, 2))
    record_property("push_to_live_seconds_median_under_load", round(median(pushes), 1))
    print(
        f"{len(readers.answers)} requests, largest gap {gap:.2f} s, slowest {slowest:.2f} s, "
        f"pushes under load {[round(one, 1) for one in pushes]} s"
    )
    assert len(readers.answers) > 1000
    assert [answer for answer in readers.answers if is_bad(answer)] == []
    assert int(ask(flasky.server, "/readyz").headers["X-Release"]) == before + 11


def test_request_that_began_before_a_switch_is_finished(tiny: Hosted) -> None:
    answers = []
    host = {"Host": "tiny.example"}
    slow = Thread(
        target=lambda: answers.append(fetch(connect(tiny.server), "/slow", headers=host))
    )
    old = ask(tiny.server, "/readyz", "tiny.example").headers["X-Release"]
    slow.start()
    time.sleep(0.5)
    tiny.laptop.hosting("restart")
    slow.join()

    assert answers[0].status == 200
    assert answers[0].headers["X-Release"] == old
    assert ask(tiny.server, "/readyz", "tiny.example").headers["X-Release"] != old


def test_push_is_live_within_ten_seconds(
    flasky: Hosted, record_property: Callable[[str, object], None]
) -> None:
    seconds = [seconds_until_live(flasky, f"{number}\n") for number in range(5)]
    # Other tests run at the same time: what waits for a processor is their time, not ours.
    crowd = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))

    record_property("push_to_live_seconds", [round(one, 1) for one in seconds])
    record_property("waiting_for_each_processor", round(crowd, 1))
    print(
        f"Push to live: {[round(one, 1) for one in seconds]} s, {crowd:.1f} wait for a processor"
    )
    assert median(seconds) <= 10 * crowd


def seconds_until_live(hosted: Hosted, text: str) -> float:
    """Push a change of code alone; return the seconds until readers get it."""
    hosted.laptop.commit(app__version=text)
    before = ask(hosted.server, "/readyz").headers["X-Release"]
    began = time.monotonic()
    with hosted.laptop.begun("git", "push", "sjc", "main") as pushing:
        eventually(lambda: ask(hosted.server, "/readyz").headers["X-Release"] != before)
        seconds = time.monotonic() - began
        assert pushing.wait(PATIENCE) == 0
    return seconds


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting")]
