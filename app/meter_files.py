"""The folder in which the processes of one machine count together.

prometheus_client gives every process files of its own there, and never takes one away. gunicorn
replaces its workers all day long, so that there would soon be hundreds, to be read anew for every
scrape. So what dead processes have counted is added up in one file for each kind, and what was
true of them while they lived (gauges) is forgotten.

A process is dead if this machine has none with its number: all who share the folder must see each
other's numbers, which they do on one machine, and in one container.
"""

import fcntl
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

LIVE = "gauge"
KINDS = ("counter", "histogram")
DEAD = "dead"  # stands where the number of a process would


class Folder(Collector):
    """What all processes together have counted in the folder `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def collect(self) -> Iterable[Metric]:
        """Return what all have counted, and tidy up first."""
        with self._alone():
            self._bury()
            files = [str(file) for file in self.path.glob("*.db") if not _is_empty(file)]
            merge = MultiProcessCollector.merge
            metrics: Iterable[Metric] = merge(files)  # type: ignore[no-untyped-call]  # has no types
            return list(metrics)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process at a time read and tidy: else one would count what another moves."""
        with (self.path / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _bury(self) -> None:
        dead = [file for file in self.path.glob("*.db") if not _is_alive(file)]
        for kind in KINDS:
            files = [file for file in dead if file.name.startswith(kind)]
            if files:
                self._add_up(kind, files)
        for file in dead:
            file.unlink(missing_ok=True)  # gunicorn may have taken a gauge away already

    def _add_up(self, kind: str, files: list[Path]) -> None:
        archive = self.path / f"{kind}_{DEAD}.db"
        total: defaultdict[str, float] = defaultdict(float)
        for file in [archive, *files] if archive.exists() else files:
            for key, value in () if _is_empty(file) else _values(file):
                total[key] += value
        fresh = self.path / f"{kind}.new"
        fresh.unlink(missing_ok=True)
        written = MmapedDict(str(fresh))  # type: ignore[no-untyped-call]  # has no types
        for key, value in total.items():
            written.write_value(key, value, 0.0)  # type: ignore[no-untyped-call]  # has no types
        written.close()  # type: ignore[no-untyped-call]  # has no types
        fresh.replace(archive)


def _values(file: Path) -> Iterator[tuple[str, float]]:
    read = MmapedDict.read_all_values_from_file
    for key, value, _time, _place in read(str(file)):  # type: ignore[no-untyped-call]  # no types
        yield key, value


def _is_empty(file: Path) -> bool:
    """Tell whether a process has only just made `file`, or was killed as it did.

    Nothing is in one either that gunicorn takes away meanwhile.
    """
    try:
        return file.stat().st_size == 0
    except FileNotFoundError:
        return True


def _is_alive(file: Path) -> bool:
    """Tell whether the process that `file` belongs to lives; `counter_4711.db` is 4711's."""
    number = file.stem.rpartition("_")[2]
    if not number.isdecimal():
        return True  # the files of the dead themselves
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it lives, as another user
        return True
    return True
