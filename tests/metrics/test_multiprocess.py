"""Metrics of several processes: a new process continues the counters of a dead one."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.metrics.multiprocess import MultiprocessCollector
from tests.support.repository import ROOT

pytestmark = pytest.mark.slow

PROGRAM = """
import sys
import app.metrics.definitions as metrics
metrics.EMAILS.labels("sent").inc(float(sys.argv[1]))
metrics.HTTP_REQUEST_DURATION.labels("GET", "main.index").observe(0.02)
metrics.HTTP_REQUESTS_IN_FLIGHT.inc()
print("ready", flush=True)
sys.stdin.read()
"""


def start(
    folder: Path, emails: int, program: str = PROGRAM, processes: int = 1
) -> "subprocess.Popen[str]":
    """Start a process that counts `emails`, and runs until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(emails)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PROMETHEUS_MULTIPROC_DIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for _ in range(processes):
        assert process.stdout.readline() == "ready\n"
    return process


def kill(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()


@pytest.fixture
def running(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A running process that has counted one email."""
    process = start(tmp_path, 1)
    yield process
    kill(process)


def collect(folder: Path) -> dict[str, float]:
    """Return the sum over all processes."""
    duration = "flasky_http_request_duration_seconds"
    names = {
        ("flasky_emails_total", "sent"): "sent",
        ("flasky_http_requests_in_flight", None): "in flight",
        (f"{duration}_count", None): "requests",
        (f"{duration}_bucket", "0.025"): "below 25 ms",
        (f"{duration}_bucket", "0.01"): "below 10 ms",
    }
    values = {}
    for metric in MultiprocessCollector(folder).collect():
        for sample in metric.samples:
            key = (sample.name, sample.labels.get("result") or sample.labels.get("le"))
            if key in names:
                values[names[key]] = sample.value
    return values


def test_counters_of_dead_processes_are_continued_and_their_gauges_dropped(
    tmp_path: Path, running: "subprocess.Popen[str]"
) -> None:
    for emails in (20, 300):
        kill(start(tmp_path, emails))
    expected = {"sent": 321, "in flight": 1, "requests": 3, "below 25 ms": 3, "below 10 ms": 0}

    for _ in range(3):
        assert collect(tmp_path) == expected

    kinds = ("counter", "histogram", "gauge_livesum")
    dead = {"counter_1.db", "histogram_1.db"}  # the second process has continued the first one's
    assert {file.name for file in tmp_path.glob("*.db")} == {
        f"{kind}_0.db" for kind in kinds
    } | dead

    kill(running)  # it could write to its files until now
    assert collect(tmp_path)["sent"] == 321
    assert "in flight" not in collect(tmp_path)

    kill(start(tmp_path, 4000))
    assert collect(tmp_path)["sent"] == 4321


def test_gauges_do_not_continue(tmp_path: Path) -> None:
    for _ in range(3):
        kill(start(tmp_path, 1))
    process = start(tmp_path, 1)

    assert collect(tmp_path)["in flight"] == 1
    kill(process)


def test_forked_process_counts_in_files_of_its_own(tmp_path: Path) -> None:
    fork = PROGRAM.replace("print(", "os.fork() or metrics.EMAILS.labels('sent').inc()\nprint(")
    process = start(tmp_path, 1, f"import os\n{fork}", processes=2)

    assert collect(tmp_path)["sent"] == 2
    assert len(list(tmp_path.glob("counter_*.db"))) == 2
    kill(process)


def test_slot_of_another_user_is_not_taken() -> None:
    if os.geteuid() != 0:
        pytest.skip("Only root can become another user: run the tests as root.")
    program = """
import os, sys
from pathlib import Path
from app.metrics.multiprocess import Slot
os.setuid(65534)
print(Slot(Path(sys.argv[1]))())
"""
    with tempfile.TemporaryDirectory() as folder:  # others can enter its parents
        Path(folder).chmod(0o777)
        kill(start(Path(folder), 1))  # by root, whose files others cannot write
        command = [sys.executable, "-c", program, folder]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "1\n"


def test_empty_files_are_skipped(tmp_path: Path) -> None:
    kill(start(tmp_path, 5))
    for kind in ("counter", "histogram", "gauge_livesum"):
        (tmp_path / f"{kind}_7.db").touch()

    assert collect(tmp_path)["sent"] == 5
    assert collect(tmp_path)["sent"] == 5
