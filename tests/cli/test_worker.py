"""`flask worker` runs until a signal arrives; see also tests/platforms/server/test_jobs.py."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repository import ROOT


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_any_number_of_signals_stops_the_worker(number: signal.Signals, tmp_path: Path) -> None:
    environment = {**os.environ, "FLASK_CONFIG": "development"}
    environment["DEV_DATABASE_URL"] = f"sqlite:///{tmp_path}/site.sqlite"
    flask = [sys.executable, "-m", "flask"]
    subprocess.run([*flask, "db", "upgrade"], cwd=ROOT, env=environment, check=True)
    with subprocess.Popen(
        [*flask, "worker"], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert "Worker started: threads: 2" in process.stderr.readline()
        while process.poll() is None:
            os.kill(process.pid, number)
        output = process.stderr.read()

    assert process.returncode == 0
    assert "Worker stopped." in output
    assert "Traceback" not in output
