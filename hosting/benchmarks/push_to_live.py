"""Measure the time from `git push` until clients get the new release.

    cd hosting && PYTHONPATH=src python -m benchmarks.push_to_live [--pushes 5]

Set up a bare Debian in a container with PostgreSQL and Redis, deploy the repository, then push
changes that do not affect the requirements. A push is live when nginx returns the new release, and
has ended when git has. Prints a Markdown table with the longest steps of the pipeline.

Needs root and what the container tests need.
"""

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from tests.containers.debian import DebianServer
from tests.containers.hosted_app import HostedApp, host, repository
from tests.containers.podman import Podman, skip_unless_available
from tests.containers.web import TIMEOUT, wait_until
from tests.containers.workstation import Workstation

STEP = re.compile(r"^ +([\d.]+)s (\w+)", re.MULTILINE)
SHOWN_STEPS = 4
Row = tuple[str, float, float, str]  # title, seconds until live, seconds until the end, steps


def rows(pushes: int) -> Iterator[Row]:
    """Set up a server, deploy, and push `pushes` times."""
    with (
        tempfile.TemporaryDirectory(prefix="workstation") as home,
        Podman() as podman,
        DebianServer(podman) as server,
    ):
        began = time.monotonic()
        workstation = Workstation(Path(home), repository())
        app = host(workstation, server, "site", "localhost", "--postgres", "--redis")
        duration = time.monotonic() - began
        yield "setup and first deploy", duration, duration, longest_steps(app)
        for number in range(1, pushes + 1):
            workstation.commit("Change", {"version.txt": f"{number}\n"})
            yield push(app, f"push {number}")


def push(app: HostedApp, title: str) -> Row:
    """Push the current commit."""
    before, began = app.release, time.monotonic()
    with app.workstation.started("git", "push", "fra", "main") as pushing:
        wait_until(lambda: app.release > before, "the new release responds")
        live = time.monotonic() - began
        if pushing.wait(TIMEOUT):
            sys.exit(pushing.stdout.read() if pushing.stdout else "git push failed.")
    return title, live, time.monotonic() - began, longest_steps(app)


def longest_steps(app: HostedApp) -> str:
    """Return the longest steps of the last deploy, with their seconds."""
    log = STEP.findall(app.workstation.hosting("build-logs").stdout)
    steps = {name: float(end) - float(begin) for (begin, name), (end, _) in pairwise(log)}
    longest = sorted(steps, key=lambda name: -steps[name])[:SHOWN_STEPS]
    return ", ".join(f"{name} {steps[name]:.1f}" for name in longest)


def main() -> None:
    """Print the table, with the median of the pushes in the last row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pushes", type=int, default=5, help="the number of pushes")
    try:
        skip_unless_available()
    except pytest.skip.Exception as reason:
        sys.exit(str(reason))
    print("| what | live after | ended after | longest steps (s) |\n|---|---|---|---|")
    seen: list[Row] = []
    for title, live, ended, steps in rows(parser.parse_args().pushes):
        seen.append((title, live, ended, steps))
        print(f"| {title} | {live:.1f} s | {ended:.1f} s | {steps} |", flush=True)
    lives, ends = [row[1] for row in seen[1:]], [row[2] for row in seen[1:]]
    print(f"| median of {len(lives)} pushes | {median(lives):.1f} s | {median(ends):.1f} s | |")


if __name__ == "__main__":
    main()
