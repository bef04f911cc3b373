"""What does it cost readers, writers and letters when a part of the site dies?

    python -m benchmarks.outages [--seconds 10] [--clients 12] [--only NAME]... [--markdown]

starts what production has (nginx, gunicorn with two workers, PostgreSQL, Redis for limits and
queue, `flask worker`, a mail server), lets clients visit it without a pause, and does one thing
after the other to it. It has healed with the last request that fails, counted from when the part
is back. A post or a letter is lost if the site has promised it and it is not there in the end.

nginx and Redis must be installed, and the disk of SQLite can be filled by root alone. What is
started comes from tests/, where the same servers are tested: the environment for development
(`make venv`) has all that it needs.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, fields

import pytest

from benchmarks.incidents import INCIDENTS, ON_SQLITE, Incident, Place
from benchmarks.sites import Site, SmallSite, WholeSite
from tests.system.load import Crowd, Outage

PAUSE = 0.02  # seconds that a client thinks between an answer and the next request
SOME = 3  # answers to each client that show that all is well


@dataclass(frozen=True)
class Trial:
    """What became of requests while something happened, and what the site has promised."""

    title: str
    outage: Outage
    posts: set[str]
    letters: set[str]  # to whom

    def row(self, site: Site) -> "Row":
        """Return it as it is shown, once `site` has had the time to keep its promises."""
        outage = self.outage
        kinds = ", ".join(f"{kind} × {number}" for kind, number in outage.kinds.most_common())
        return Row(
            self.title,
            str(len(outage.answers)),
            str(len(outage.failed)),
            kinds or "–",
            f"{outage.seen:.1f} s",
            f"{outage.healing:.1f} s",
            f"{outage.slowest:.1f} s",
            f"{len(self.posts - site.posts())} of {len(self.posts)}",
            f"{len(self.letters - site.letters())} of {len(self.letters)}",
        )


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    incident: str = "what happens"
    requests: str = "requests"
    failed: str = "failed"
    kinds: str = "with"
    seen: str = "first to last failure"
    healing: str = "healed after"
    slowest: str = "longest wait"
    posts: str = "posts lost"
    letters: str = "letters lost"

    def cells(self) -> list[str]:
        """Return the columns."""
        return [getattr(self, field.name) for field in fields(self)]


def try_out(site: Place, incident: Incident[Place], clients: int, seconds: float) -> Trial:
    """Let an incident happen while clients visit: it lasts `seconds`, if it lasts at all.

    Return when everybody is served again. Before the incident, and after everybody is served,
    nothing happens for half as long.
    """
    visitors = site.visitors(clients)
    with Crowd(visitors.asks, PAUSE) as crowd:
        crowd.wait_for_everybody(SOME, since=0)
        time.sleep(seconds / 2)
        down = time.monotonic()
        incident.happen(site, lambda: time.sleep(seconds))
        up = time.monotonic()
        crowd.wait_for_everybody(SOME, since=up)
        time.sleep(seconds / 2)
    visitors.leave()
    promised = visitors.writer.promised, visitors.registrar.promised
    posts, letters = (set(names) for names in promised)
    return Trial(incident.title, Outage(down, up, crowd.answers), posts, letters)


def rows(names: list[str], clients: int, seconds: float) -> Iterator[Row]:
    """Try the incidents of these names, or all."""
    chosen = [incident for incident in INCIDENTS if not names or incident.name in names]
    if chosen:
        with ExitStack() as stack:
            site = WholeSite(stack)
            for incident in chosen:
                yield try_out(site, incident, clients, seconds).row(site)
    if not names or ON_SQLITE.name in names:
        with ExitStack() as stack:
            small = SmallSite(stack)
            yield try_out(small, ON_SQLITE, clients, seconds).row(small)


def as_text(row: Row) -> str:
    """Return a line for the terminal."""
    widths = (32, 9, 7, 18, 23, 13, 13, 12, 12)
    return "".join(cell.ljust(width) for cell, width in zip(row.cells(), widths, strict=True))


def as_markdown(row: Row) -> str:
    """Return a line for a page."""
    return f"| {' | '.join(row.cells())} |"


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    names = [*(incident.name for incident in INCIDENTS), ON_SQLITE.name]
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--seconds", type=float, default=10, help="how long each outage lasts")
    words.add_argument("--clients", type=int, default=12, help="who visit at the same time")
    words.add_argument("--only", action="append", choices=names, default=[])
    words.add_argument("--markdown", action="store_true", help="print a table for a page")
    return words.parse_args()


def main() -> None:
    """Try what was asked for, and print a table; exit with 1 if anything was lost."""
    asked = arguments()
    line = as_markdown if asked.markdown else as_text
    say(line(Row()))
    if asked.markdown:
        say(line(Row(*["---"] * len(fields(Row)))))
    lost = 0
    try:
        for row in rows(asked.only, asked.clients, asked.seconds):
            say(line(row))
            lost += int(row.posts.split()[0]) + int(row.letters.split()[0])
    except pytest.skip.Exception as missing:
        sys.exit(str(missing))
    sys.exit(1 if lost else 0)


def say(line: str) -> None:
    """Print a line at once: the next one may take a minute."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
