"""What processes have counted outlives them, and their files do not."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.meter_files import Folder

from .repository import ROOT

pytestmark = pytest.mark.slow

COUNT = """
import sys
import app.meters as meters
meters.MAIL.labels("sent").inc(float(sys.argv[1]))
meters.REQUEST_SECONDS.labels("GET", "main.index").observe(0.02)
meters.IN_FLIGHT.inc()
print("counted", flush=True)
sys.stdin.read()
"""


def start(folder: Path, letters: int) -> "subprocess.Popen[str]":
    """Start a process that counts, and lives until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", COUNT, str(letters)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PROMETHEUS_MULTIPROC_DIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "counted\n"
    return process


def end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()


@pytest.fixture
def living(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that has counted one letter, and lives."""
    process = start(tmp_path, 1)
    yield process
    end(process)


def shown(folder: Path) -> dict[str, float]:
    """Return what all have counted, by name and, where it matters, label."""
    samples = [sample for metric in Folder(folder).collect() for sample in metric.samples]
    names = {
        ("flasky_mail_total", "sent"): "sent",
        ("flasky_requests_in_flight", None): "in flight",
        ("flasky_request_seconds_count", None): "requests",
        ("flasky_request_seconds_bucket", "0.025"): "quick requests",
        ("flasky_request_seconds_bucket", "0.01"): "very quick requests",
    }
    found = {}
    for sample in samples:
        key = (sample.name, sample.labels.get("result") or sample.labels.get("le"))
        if key in names:
            found[names[key]] = sample.value
    return found


def test_counts_of_the_dead_are_kept_in_one_file_and_their_gauges_are_not(
    tmp_path: Path, living: "subprocess.Popen[str]"
) -> None:
    for letters in (20, 300):
        end(start(tmp_path, letters))
    everything = {
        "sent": 321,
        "in flight": 1,
        "requests": 3,
        "quick requests": 3,
        "very quick requests": 0,
    }

    for _ in range(3):  # tidying up adds nothing
        assert shown(tmp_path) == everything

    names = {file.name for file in tmp_path.glob("*.db")}
    own = {f"{kind}_{living.pid}.db" for kind in ("counter", "histogram", "gauge_livesum")}
    assert names == own | {"counter_dead.db", "histogram_dead.db"}


def test_those_who_die_later_are_added(tmp_path: Path) -> None:
    for letters, total in ((1, 1), (10, 11), (100, 111)):
        end(start(tmp_path, letters))

        assert shown(tmp_path)["sent"] == total


@pytest.mark.parametrize("kind", ["counter", "histogram", "gauge_livesum"])
@pytest.mark.parametrize("number", [os.getpid(), 2**22], ids=["lives", "is dead"])
def test_process_that_was_stopped_before_it_wrote_a_word_spoils_nothing(
    tmp_path: Path, kind: str, number: int
) -> None:
    end(start(tmp_path, 5))
    (tmp_path / f"{kind}_{number}.db").touch()

    assert shown(tmp_path)["sent"] == 5
    assert shown(tmp_path)["sent"] == 5


def test_process_goes_on_counting_where_others_have_died(
    tmp_path: Path, living: "subprocess.Popen[str]"
) -> None:
    end(start(tmp_path, 5))
    assert shown(tmp_path)["sent"] == 6

    end(living)

    assert shown(tmp_path)["sent"] == 6
    assert "in flight" not in shown(tmp_path)


def test_folder_for_several_processes_is_made_when_it_is_missing(tmp_path: Path) -> None:
    folder = tmp_path / "run" / "metrics"

    count_a_letter(tmp_path, str(folder))

    assert list(folder.glob("counter_*.db"))


def test_folder_that_is_not_named_is_not_used(tmp_path: Path) -> None:
    count_a_letter(tmp_path, "")

    assert list(tmp_path.iterdir()) == []


def count_a_letter(place: Path, folder: str) -> None:
    """Count something, in a process of its own that runs in the folder `place`."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PROMETHEUS_MULTIPROC_DIR": folder,
    }
    command = [sys.executable, "-c", "import app; app.metrics.meters.MAIL.labels('sent').inc()"]
    subprocess.run(command, cwd=place, env=environment, check=True)
