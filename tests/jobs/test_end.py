"""Signals may come in a row, and while the process just looks whether one came."""

import os
import signal
import subprocess
import sys

from tests.repository import ROOT

LOOKS = """
import os, signal
from app.jobs.worker import End

end = End()
signal.signal(signal.SIGTERM, end.tell)
assert not end.is_told()
print("ready", flush=True)
assert end.is_told(within=60)
for _ in range(20_000):
    end.is_told(within=0.001)
print("done", flush=True)
os._exit(0)  # on its way out Python gives signals their own meaning back
"""


def test_any_number_of_signals_ends_a_process() -> None:
    command = [sys.executable, "-c", LOOKS]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        while process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
        said = process.stdout.read()

    assert (process.returncode, said) == (0, "done\n")
