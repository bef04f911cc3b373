"""Logs by time, commands in the live release, maintenance."""

import json
import signal
import time
from datetime import UTC, datetime

import pytest

from tests.system.servers import PATIENCE, eventually

from .hosted import Hosted


def test_logs_between_two_times_are_those_that_a_filter_finds(tiny: Hosted) -> None:
    laptop = tiny.laptop
    for number in range(60):
        tiny.ask(f"/line-{number}")
        time.sleep(0.05)  # so that some are of one second, and some of another
    whole = laptop.hosting("logs", "--from", "1d", "--no-follow").stdout.splitlines()
    stamps = [int(datetime.fromisoformat(line.split()[0]).timestamp()) for line in whole]
    ours = [at for line, at in zip(whole, stamps, strict=True) if "/line-" in line]
    first, last = ours[20], ours[40]
    expected = [line for line, at in zip(whole, stamps, strict=True) if first <= at < last]

    for since, until in ((str(first), str(last)), (iso(first), iso(last))):
        # The end is a moment, and lines are written in whole seconds: those of that second fit.
        shown = laptop.hosting("logs", "--from", since, "--to", until).stdout.splitlines()
        assert shown == expected
    assert 0 < len(expected) < len(whole)


def iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


def test_bad_time_is_a_wrong_use(tiny: Hosted) -> None:
    done = tiny.laptop.hosting("logs", "--from", "yesterday-ish", check=False)

    assert done.returncode == 2
    assert "is no time: say 3d 4h 10m" in done.stdout


def test_logs_follow_into_the_next_release(tiny: Hosted) -> None:
    with tiny.laptop.begun_hosting("logs", "-n", "1", "--process", "web") as following:
        assert following.stdout is not None
        following.stdout.readline()  # it has begun
        tiny.laptop.hosting("restart")
        tiny.ask("/of-the-next-release")
        assert next(line for line in following.stdout if "/of-the-next-release" in line)
        following.send_signal(signal.SIGINT)
        assert following.wait(PATIENCE) == 130


@pytest.mark.parametrize("code", [0, 7])
def test_run_passes_input_and_code(tiny: Hosted, code: int) -> None:
    show = f"import sys; print(sys.stdin.read().upper()); sys.stderr.write('!'); sys.exit({code})"

    done = tiny.laptop.hosting("run", "--", "python", "-c", show, said="words", check=False)

    assert done.returncode == code
    assert "WORDS" in done.stdout
    assert "!" in done.stdout


def test_interrupted_run_ends_on_the_server_too(tiny: Hosted) -> None:
    look = "pgrep -x -u tiny sleep"
    with tiny.laptop.begun_hosting("run", "--", "sleep", "4321") as running:
        eventually(lambda: tiny.server.root(look, check=False), "it runs")
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE) == 130
    eventually(lambda: not tiny.server.root(look, check=False), "it runs no more")


def test_maintenance_closes_the_site_and_not_its_probes(tiny: Hosted) -> None:
    tiny.laptop.hosting("maintenance", "on", "--message", "Back at <ten>.")
    try:
        closed, probe = tiny.ask("/"), tiny.ask("/readyz")
    finally:
        tiny.laptop.hosting("maintenance", "off")

    assert (closed.status, closed.headers["Retry-After"]) == (503, "120")
    assert "Back at &lt;ten>." in closed.body.decode()
    assert probe.status == 200
    assert tiny.ask("/").status == 200


def test_status_tells_what_runs(tiny: Hosted) -> None:
    tiny.laptop.hosting("scale", "worker=2")
    status = json.loads(tiny.laptop.hosting("status", "--json").stdout)
    releases = tiny.laptop.hosting("releases").stdout.splitlines()
    tiny.laptop.hosting("scale", "worker=0")

    live = [line.split()[0] for line in releases if "live now" in line]
    assert live == [str(status["release"]["number"])]
    kinds = sorted(process["name"].split("-")[0] for process in status["processes"])
    assert kinds == ["web", "worker", "worker"]
    assert all(process["megabytes"] > 1 for process in status["processes"])
    assert status["nginx"] == status["direct"] == f"release {status['release']['number']}"
    assert status["certificate_days"] > 300


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting-tiny")]
