"""Logs, status, commands in the live release, maintenance mode."""

import json
import signal
import time
from datetime import UTC, datetime

import pytest

from .hosted_app import HostedApp
from .web import TIMEOUT, wait_until


def test_logs_are_filtered_by_time(tiny: HostedApp) -> None:
    workstation = tiny.workstation
    for number in range(60):
        tiny.get(f"/line-{number}")
        time.sleep(0.05)  # spread over several seconds
    lines = workstation.hosting("logs", "--from", "1d", "--no-follow").stdout.splitlines()
    times = [int(datetime.fromisoformat(line.split()[0]).timestamp()) for line in lines]
    ours = [at for line, at in zip(lines, times, strict=True) if "/line-" in line]
    first, last = ours[20], ours[40]
    expected = [line for line, at in zip(lines, times, strict=True) if first <= at < last]

    for since, until in ((str(first), str(last)), (iso(first), iso(last))):
        shown = workstation.hosting("logs", "--from", since, "--to", until).stdout.splitlines()
        assert shown == expected
    assert 0 < len(expected) < len(lines)


def iso(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).isoformat()


def test_logs_follow_into_the_next_release(tiny: HostedApp) -> None:
    with tiny.workstation.started_hosting("logs", "-n", "1", "--process", "web") as following:
        assert following.stdout is not None
        following.stdout.readline()  # it has started
        tiny.workstation.hosting("restart")
        tiny.get("/of-the-next-release")
        assert next(line for line in following.stdout if "/of-the-next-release" in line)
        following.send_signal(signal.SIGINT)
        assert following.wait(TIMEOUT) == 130


@pytest.mark.parametrize("status", [0, 7])
def test_run_passes_input_and_exit_status(tiny: HostedApp, status: int) -> None:
    code = (
        f"import sys; print(sys.stdin.read().upper()); sys.stderr.write('!'); sys.exit({status})"
    )

    done = tiny.workstation.hosting("run", "--", "python", "-c", code, stdin="input", check=False)

    assert done.returncode == status
    assert "INPUT" in done.stdout
    assert "!" in done.stdout


def test_run_passes_arguments_unchanged(tiny: HostedApp) -> None:
    words = ["$HOME", "${HOME}", "$$", "%h", "%%", "a b", "it's", "\n", "\\", "*"]

    code = "import sys; print(sys.argv[1:])"
    shown = tiny.workstation.hosting("run", "--", "python", "-c", code, *words).stdout

    assert shown == f"{words}\n"


def test_interrupted_run_ends_on_the_server(tiny: HostedApp) -> None:
    find = "pgrep -x -u tiny sleep"
    # In the background, SIGINT is ignored; the second one has left the session, too.
    script = "sleep 4321 & setsid sleep 4321 & exec sleep 4321"
    with tiny.workstation.started_hosting("run", "--", "sh", "-c", script) as running:
        wait_until(
            lambda: len(tiny.server.root(find, check=False).split()) == 3, "the commands run"
        )
        running.send_signal(signal.SIGINT)
        assert running.wait(TIMEOUT) == 130
    wait_until(lambda: not tiny.server.root(find, check=False), "the command has ended")


def test_maintenance_mode_excludes_probes_and_deploys(tiny: HostedApp) -> None:
    tiny.workstation.hosting("maintenance", "on", "--message", "Back at <ten>.")
    try:
        page, probe = tiny.get("/"), tiny.get("/readyz")
        tiny.workstation.hosting("restart")
    finally:
        tiny.workstation.hosting("maintenance", "off")

    assert (page.status, page.headers["Retry-After"]) == (503, "120")
    assert "Back at &lt;ten&gt;." in page.body.decode()
    assert probe.status == 200
    assert tiny.get("/").status == 200


def test_status_shows_what_runs(tiny: HostedApp) -> None:
    tiny.workstation.hosting("scale", "worker=2")
    status = json.loads(tiny.workstation.hosting("status", "--json").stdout)
    releases = tiny.workstation.hosting("releases").stdout.splitlines()
    tiny.workstation.hosting("scale", "worker=0")

    live = [line.split()[0] for line in releases if "live now" in line]
    assert live == [str(status["release"]["number"])]
    kinds = sorted(process["name"].split("-")[0] for process in status["processes"])
    assert kinds == ["web", "worker", "worker"]
    assert all(process["megabytes"] > 1 for process in status["processes"])
    assert status["nginx"] == status["direct"] == "ready"
    assert status["certificate_days"] > 300
