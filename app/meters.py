"""What is counted and measured, by whoever does it; metrics.py shows it to Prometheus.

Count where it happens: `MAIL.labels("sent").inc()`. A label takes one of a few values that our own
code knows (an endpoint, a status, the name of a job). What strangers send is never a label: each
new value is a series that Prometheus keeps for weeks.

Several processes count together in the folder PROMETHEUS_MULTIPROC_DIR, which prometheus_client
reads by itself: it must be set before the first import, as gunicorn.conf.py does.
"""

import os
from pathlib import Path

if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    # An empty variable counts as not set. prometheus_client, which looks at it as it is imported,
    # would take it for the folder that the process happens to be in.
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)

# Around what readers notice: below 0.1 s nobody does, beyond 10 s nobody waits.
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

FOLDER = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
if FOLDER:
    Path(FOLDER).mkdir(parents=True, exist_ok=True)  # the meters below open files in it

# Else there would be a series for each counter that says when it began.
disable_created_metrics()  # type: ignore[no-untyped-call]  # has no types
registry = CollectorRegistry()

REQUESTS = Counter(
    "flasky_requests_total",
    "Requests that were answered.",
    ["method", "endpoint", "status"],
    registry=registry,
)
REQUEST_SECONDS = Histogram(
    "flasky_request_seconds",
    "Seconds until an answer was ready to be sent.",
    ["method", "endpoint"],
    registry=registry,
    buckets=SECONDS,
)
IN_FLIGHT = Gauge(
    "flasky_requests_in_flight",
    "Requests that are being answered; the one that asks for this is one of them.",
    registry=registry,
    multiprocess_mode="livesum",
)
EXCEPTIONS = Counter(
    "flasky_exceptions_total",
    "Errors that a request ended with and nobody had foreseen.",
    ["type", "endpoint"],
    registry=registry,
)
DATABASE_CONNECTIONS = Gauge(
    "flasky_database_connections",
    "Connections to the database: checked_out (in use), idle, and overflow (beyond the pool).",
    ["state"],
    registry=registry,
    multiprocess_mode="livesum",
)
DATABASE_LIMIT = Gauge(
    "flasky_database_connections_limit",
    "Connections to the database that there may be at most.",
    registry=registry,
    multiprocess_mode="livesum",
)
MAIL = Counter(
    "flasky_mail_total",
    "Letters that were handed to the mail server (sent), or that it did not take (failed).",
    ["result"],
    registry=registry,
)
LOGINS_FAILED = Counter(
    "flasky_logins_failed_total",
    "Passwords that were wrong, or for no account.",
    registry=registry,
)
JOBS = Counter(
    "flasky_jobs_total",
    "Jobs that were run, by name and result (done, retried, failed).",
    ["name", "result"],  # a label called job is Prometheus's own
    registry=registry,
)

# A series that appears with its first event hides that event from rate().
for result in ("sent", "failed"):
    MAIL.labels(result)
for state in ("checked_out", "idle", "overflow"):
    DATABASE_CONNECTIONS.labels(state)


def count_exception(error: BaseException, endpoint: str | None) -> None:
    """Count an error that a request ended with; `endpoint` is None where no address matched."""
    EXCEPTIONS.labels(type(error).__name__, endpoint or "none").inc()
