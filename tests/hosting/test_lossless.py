"""Whatever is deployed, rolled back, set, restarted and scaled: every request is answered."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from statistics import median

import pytest

from hosting.server.story import STORY
from tests.system.load import Crowd
from tests.system.traffic import ask as ask_kept
from tests.system.traffic import ask_once

from .hosted import Hosted
from .laptop import connect

CLIENTS = 32
PAUSE = 1.0  # of each client, so that two processors have time for the deploys as well
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
    before = flasky.release
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
    assert len(readers.answers) > 500
    assert [answer for answer in readers.answers if answer.outcome != "200"] == []
    assert flasky.release == before + len(took) == before + 11


def test_change_of_code_alone_installs_nothing(flasky: Hosted) -> None:
    flasky.laptop.commit(app__version="before")
    flasky.push()
    before = flasky.release
    flasky.laptop.commit(app__version="after")
    flasky.push()

    log = flasky.laptop.hosting("build-logs").stdout
    assert flasky.release == before + 1
    assert re.findall(r"^ +[\d.]+s (\w+): ", log, re.MULTILINE) == [one.__name__ for one in STORY]
    assert " 0 written, " in log  # no style sheet is packed anew
    assert "Migrations: up to date" in log
    look = (
        "cd /srv/flasky/releases; readlink {0}/venv {1}/venv; find {1}/venv/ -newer {0}/build.log"
    )
    environments = flasky.server.root(look.format(before, before + 1)).splitlines()
    assert len(environments) == 2
    assert len(set(environments)) == 1


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting")]
