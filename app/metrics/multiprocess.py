"""Metrics of all processes on one machine, from the files in PROMETHEUS_MULTIPROC_DIR.

prometheus_client writes files for each process and never deletes them, while gunicorn replaces
its workers all day. So files are named after a slot, not after a process: a new process takes the
lowest free slot and continues the counters of the process that had it before.

A slot is a locked file. The kernel releases the lock when the process ends, however it ends.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector


class Slot:
    """The slot of this process: a callable that returns its number."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pid: int | None = None
        self._number = 0
        self._lock: int | None = None  # a descriptor, open as long as the process lives

    def __call__(self) -> int:
        """Return the number; a new process, such as a fork, takes a slot first."""
        if self._pid != os.getpid():
            if self._lock is not None:
                os.close(self._lock)  # the parent's
            with _locked(self.folder):
                slots = ((number, _take(self.folder, number)) for number in count())
                self._number, self._lock = next(slot for slot in slots if slot[1] is not None)
            self._pid = os.getpid()
        return self._number


class MultiprocessCollector(Collector):
    """The metrics of all processes that write to `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def collect(self) -> Iterable[Metric]:
        """Delete the gauges of dead processes, then return the sum over all files."""
        with _locked(self.folder):
            for file in self.folder.glob("*.lock"):
                lock = _take(self.folder, int(file.stem))
                if lock is not None:
                    os.close(lock)
            # A file that a process has just created is empty.
            files = [str(file) for file in self.folder.glob("*.db") if file.stat().st_size]
            merge = MultiProcessCollector.merge
            metrics: Iterable[Metric] = merge(files)  # type: ignore[no-untyped-call]  # has no types
            return list(metrics)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock `folder`, so that no file is deleted while another process reads it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _take(folder: Path, number: int) -> int | None:
    """Lock a slot and delete the gauges of its last process; return None if it is not free."""
    file = folder / f"{number}.lock"
    if file.exists() and not os.access(file, os.W_OK):
        return None  # another user's, like the metrics
    lock = os.open(file, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    mark_process_dead(number, str(folder))  # type: ignore[no-untyped-call]  # has no types
    return lock
