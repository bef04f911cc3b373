"""Measure what clients, posts and emails suffer when a part of the site fails.

    python -m benchmarks.resilience [--seconds 10] [--clients 12] [--only NAME]... [--markdown]

The benchmark starts what production has (nginx, gunicorn with two workers, PostgreSQL, Redis for
rate limits, `flask worker`, an SMTP server), sends requests without a pause, and
injects one fault after the other. Recovery time counts from the moment the part is back to the
last request that fails. A post or an email is lost if the site has accepted it and it is missing
in the end.

nginx and Redis must be installed; only root can fill the disk of SQLite. The servers come from
tests/, so the development environment (`make venv`) has everything else.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, fields

import pytest

from benchmarks.fault_injection import FAULTS, SQLITE_FAULT, Fault, StackT
from benchmarks.stacks import ProductionStack, SQLiteStack, Stack
from tests.support.load import LoadGenerator, OutageReport

PAUSE = 0.02  # seconds between a response and the client's next request
MIN_RESPONSES = 3  # successful responses to each client that show that the site works


@dataclass(frozen=True)
class TrialResult:
    """The requests during a fault, and what the site has accepted."""

    title: str
    outage: OutageReport
    posts: set[str]
    emails: set[str]  # recipients

    def row(self, site: Stack) -> "Row":
        """Return the row of the table, once `site` has sent every email."""
        outage = self.outage
        kinds = ", ".join(f"{kind} × {n}" for kind, n in outage.failure_counts.most_common())
        return Row(
            self.title,
            str(len(outage.results)),
            str(len(outage.failed)),
            kinds or "–",
            f"{outage.failure_span:.1f} s",
            f"{outage.recovery_time:.1f} s",
            f"{outage.slowest:.1f} s",
            f"{len(self.posts - site.posts())} of {len(self.posts)}",
            f"{len(self.emails - site.emails())} of {len(self.emails)}",
        )


@dataclass(frozen=True)
class Row:
    """A row of the table; the defaults are its header."""

    fault: str = "fault"
    requests: str = "requests"
    failed: str = "failed"
    kinds: str = "with"
    span: str = "first to last failure"
    recovery: str = "recovery time"
    slowest: str = "slowest request"
    posts: str = "posts lost"
    emails: str = "emails lost"

    def cells(self) -> list[str]:
        """Return the columns."""
        return [getattr(self, field.name) for field in fields(self)]


def run_trial(site: StackT, fault: Fault[StackT], clients: int, seconds: float) -> TrialResult:
    """Inject a fault under load, for `seconds` if the fault has a duration.

    Return when every client is served again. Before the fault, and after the recovery, the load
    runs for half as long without one.
    """
    site_clients = site.clients(clients)
    with LoadGenerator(site_clients.senders, PAUSE) as load:
        load.wait_for_all_clients(MIN_RESPONSES, since=0)
        time.sleep(seconds / 2)
        down = time.monotonic()
        fault.inject(site, lambda: time.sleep(seconds))
        up = time.monotonic()
        load.wait_for_all_clients(MIN_RESPONSES, since=up)
        time.sleep(seconds / 2)
    site_clients.close()
    posts, emails = set(site_clients.posting.accepted), set(site_clients.registering.accepted)
    return TrialResult(fault.title, OutageReport(down, up, load.results), posts, emails)


def rows(names: list[str], clients: int, seconds: float) -> Iterator[Row]:
    """Run the faults of these names, or all of them."""
    chosen = [fault for fault in FAULTS if not names or fault.name in names]
    if chosen:
        with ExitStack() as stack:
            site = ProductionStack(stack)
            for fault in chosen:
                yield run_trial(site, fault, clients, seconds).row(site)
    if not names or SQLITE_FAULT.name in names:
        with ExitStack() as stack:
            sqlite = SQLiteStack(stack)
            yield run_trial(sqlite, SQLITE_FAULT, clients, seconds).row(sqlite)


def as_text(row: Row) -> str:
    """Return a line for the terminal."""
    widths = (32, 9, 7, 18, 23, 14, 16, 12, 12)
    return "".join(cell.ljust(width) for cell, width in zip(row.cells(), widths, strict=True))


def as_markdown(row: Row) -> str:
    """Return a line of a Markdown table."""
    return f"| {' | '.join(row.cells())} |"


def parse_arguments() -> argparse.Namespace:
    """Return the arguments of the command line."""
    names = [*(fault.name for fault in FAULTS), SQLITE_FAULT.name]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="duration of each outage")
    parser.add_argument("--clients", type=int, default=12, help="number of concurrent clients")
    parser.add_argument("--only", action="append", choices=names, default=[])
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table")
    return parser.parse_args()


def main() -> None:
    """Run the faults and print a table; exit with 1 if anything was lost."""
    arguments = parse_arguments()
    line = as_markdown if arguments.markdown else as_text
    echo(line(Row()))
    if arguments.markdown:
        echo(line(Row(*["---"] * len(fields(Row)))))
    lost = 0
    try:
        for row in rows(arguments.only, arguments.clients, arguments.seconds):
            echo(line(row))
            lost += int(row.posts.split()[0]) + int(row.emails.split()[0])
    except pytest.skip.Exception as missing:
        sys.exit(str(missing))
    sys.exit(1 if lost else 0)


def echo(line: str) -> None:
    """Print a line at once: the next one may take a minute."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
