"""How long is it from `git push` until readers get the new release?

    python -m benchmarks.push_to_live [--pushes 5] [--markdown]

makes a bare Debian, in a container, the server of this very site (`python -m hosting setup`, with
PostgreSQL and Redis), deploys it, and pushes changes of code alone. A push is live once nginx
answers with the new release; it has ended once git has. The first deploy stands above them: it
installs everything. Beside the seconds are those of the longest steps.

What the tests of hosting need must be installed, and only root can do it. What is started comes
from tests/, where the same is tested without a clock.
"""

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from tests.containers.bare import Bare
from tests.containers.engine import Engine
from tests.hosting.hosted import Hosted, host, the_site
from tests.hosting.laptop import Laptop
from tests.system.servers import PATIENCE, eventually

STEP = re.compile(r"^ +([\d.]+)s (\w+)", re.MULTILINE)
SHOWN = 4  # of the steps


@dataclass(frozen=True)
class Push:
    """How long a push took, and each step of the deploy."""

    title: str
    live: float
    ended: float
    steps: dict[str, float]

    def cells(self) -> list[str]:
        """Return the columns."""
        longest = sorted(self.steps, key=lambda name: -self.steps[name])[:SHOWN]
        steps = ", ".join(f"{name} {self.steps[name]:.1f}" for name in longest)
        return [self.title, f"{self.live:.1f} s", f"{self.ended:.1f} s", steps]


def pushes(number: int) -> Iterator[Push]:
    """Set up a server, deploy, and push so many changes of code alone."""
    with (
        tempfile.TemporaryDirectory(prefix="laptop") as home,
        Engine() as engine,
        Bare(engine) as server,
    ):
        began = time.monotonic()
        laptop = Laptop(Path(home), the_site())
        site = host(laptop, server, "flasky", "localhost", "--postgres", "--redis")
        seconds = time.monotonic() - began
        yield Push("setup and first deploy", seconds, seconds, steps_of(site))
        for each in range(1, number + 1):
            laptop.commit(app__version=f"{each}\n")
            yield push(site, f"push {each}")


def push(site: Hosted, title: str) -> Push:
    """Push what is committed."""
    before = site.release
    began = time.monotonic()
    with site.laptop.begun("git", "push", "sjc", "main") as pushing:
        eventually(lambda: site.release > before, "the new release answers")
        live = time.monotonic() - began
        if pushing.wait(PATIENCE):
            sys.exit(pushing.stdout.read() if pushing.stdout else "git push failed.")
        return Push(title, live, time.monotonic() - began, steps_of(site))


def steps_of(site: Hosted) -> dict[str, float]:
    """Return the seconds that each step of the last deploy took."""
    found = STEP.findall(site.laptop.hosting("build-logs").stdout)
    return {name: float(end) - float(begin) for (begin, name), (end, _) in pairwise(found)}


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--pushes", type=int, default=5, help="how many changes are pushed")
    words.add_argument("--markdown", action="store_true", help="print a table for a page")
    return words.parse_args()


def main() -> None:
    """Push what was asked for, and print a table with the median at its end."""
    asked = arguments()
    line = as_markdown if asked.markdown else as_text
    say(line(["what", "live after", "ended after", "longest steps, in seconds"]))
    if asked.markdown:
        say(line(["---"] * 4))
    seen: list[Push] = []
    try:
        for one in pushes(asked.pushes):
            say(line(one.cells()))
            seen.append(one)
    except pytest.skip.Exception as missing:
        sys.exit(str(missing))
    of_code = seen[1:]
    lives, ends = [one.live for one in of_code], [one.ended for one in of_code]
    say(line([f"median of {len(of_code)}", f"{median(lives):.1f} s", f"{median(ends):.1f} s", ""]))


def as_text(cells: list[str]) -> str:
    """Return a line for the terminal."""
    widths = (24, 12, 13, 0)
    return "".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))


def as_markdown(cells: list[str]) -> str:
    """Return a line for a page."""
    return f"| {' | '.join(cells)} |"


def say(line: str) -> None:
    """Print a line at once: the next one may take a minute."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
