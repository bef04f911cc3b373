"""Processes under test: `benchmarks.bare`, the memory of servers, the CPU time of a start."""

import resource
import statistics
import subprocess
import sys
from pathlib import Path

from tests.support.servers import ROOT, Gunicorn, Server


class Bare(Gunicorn):
    """A bare application, without the site's gunicorn.conf.py."""

    def __init__(
        self, environment: dict[str, str], *arguments: str, site: str = "benchmarks.bare:app"
    ) -> None:
        options = ("-c", "/dev/null", "--worker-class", "gthread", "--keep-alive", "90")
        super().__init__(environment, *options, *arguments, site=site)


def pss(server: Server) -> float:
    """Return the memory of a server and its children in MB; shared memory counts once."""
    total = 0
    for pid in (server.pid, *server.workers):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def cpu_time(code: str, environment: dict[str, str], runs: int = 5) -> float:
    """Return the CPU time that Python takes to run `code`, in seconds: the median of the runs."""
    times = []
    for _ in range(runs):
        before = _children()
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)  # noqa: S603 - of this module
        times.append(_children() - before)
    return statistics.median(times)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
