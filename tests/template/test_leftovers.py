"""An interrupted test run leaves no processes and folders behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.databases import is_running
from tests.support.repository import ROOT
from tests.support.waiting import wait_until

# The processes that it prints have nothing in common but a file in the temporary folder.
TEST_RUN = """
import os, signal, subprocess, sys, tempfile, time
from pathlib import Path
from tests.support.leftovers import cleaned_up
signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background ignores it
with cleaned_up(Path(sys.argv[1])):
    folder = tempfile.mkdtemp()
    start = lambda **options: subprocess.Popen(["sleep", "600"], start_new_session=True, **options)
    processes = [
        start(env={"TMPDIR": folder}),
        start(env={}, cwd=folder),
        start(env={}, stdout=open(f"{folder}/log", "w")),
        start(env={}, stdout=open(f"{sys.argv[1]}/log", "w")),
        subprocess.Popen(["sh", "-c", "trap '' TERM; exec sleep 600"], cwd=folder),
    ]
    print(folder, *[process.pid for process in processes], flush=True)
    time.sleep(600)
"""


@pytest.mark.slow
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_run_leaves_nothing_behind(tmp_path: Path, signal_number: int) -> None:
    command = [sys.executable, "-c", TEST_RUN, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as run:
        assert run.stdout is not None
        folder, *processes = run.stdout.readline().split()
        is_ready = all(Path(f"/proc/{pid}").exists() for pid in processes)
        os.kill(run.pid, signal_number)
        run.wait()

    assert is_ready
    wait_until(lambda: not any(is_running(int(pid)) for pid in processes), "Processes run on.")
    wait_until(lambda: not Path(folder).parent.exists(), "The folder is not deleted.")
    assert tmp_path.exists()
