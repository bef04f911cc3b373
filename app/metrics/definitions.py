"""Every metric that this process counts or measures.

Increment a metric where the event happens: `EMAILS.labels("sent").inc()`. A label has few values,
all of which the code knows (an endpoint, a status, the name of a job). Never use user input as a
label: each new value is a time series that Prometheus keeps for weeks.
"""

import os
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics, values

from .multiprocess import Slot

# Unset or empty: this process does not share its metrics.
FOLDER = Path(path) if (path := os.environ.get("PROMETHEUS_MULTIPROC_DIR")) else None
if FOLDER:
    FOLDER.mkdir(parents=True, exist_ok=True)  # the metrics below open files in it
    values.ValueClass = values.MultiProcessValue(Slot(FOLDER))  # type: ignore[no-untyped-call]  # has no types
else:
    values.ValueClass = values.MutexValue

# Do not export a `_created` time series for each counter.
disable_created_metrics()  # type: ignore[no-untyped-call]  # has no types

HTTP_REQUESTS = Counter(
    "flasky_http_requests_total", "HTTP requests.", ["method", "endpoint", "status"]
)
HTTP_REQUEST_DURATION = Histogram(
    "flasky_http_request_duration_seconds",
    "Time until the response is ready, without sending it.",
    ["method", "endpoint"],
)
HTTP_REQUESTS_IN_FLIGHT = Gauge(
    "flasky_http_requests_in_flight",
    "HTTP requests being processed, including this scrape.",
    multiprocess_mode="livesum",
)
EXCEPTIONS = Counter(
    "flasky_exceptions_total", "Unhandled exceptions in requests.", ["type", "endpoint"]
)
DB_CONNECTIONS = Gauge(
    "flasky_db_connections",
    "Connections in the database pools: checked_out or idle.",
    ["state"],
    multiprocess_mode="livesum",
)
DB_CONNECTIONS_MAX = Gauge(
    "flasky_db_connections_max",
    "Maximum number of connections of the database pools.",
    multiprocess_mode="livesum",
)
PARTS_RENDERED = Counter(
    "flasky_parts_rendered_total", "Parts of pages that were rendered, not kept."
)
EMAILS = Counter(
    "flasky_emails_total",
    "Attempts to deliver an email to the mail server, by result: sent or failed.",
    ["result"],
)
FAILED_LOGINS = Counter(
    "flasky_failed_logins_total", "Logins with a wrong password or an unknown email address."
)
JOBS = Counter(
    "flasky_jobs_total",
    "Background jobs, by name and result: succeeded, retried or failed.",
    ["name", "result"],  # Prometheus uses the label `job` itself
)
# demo-only: begin
LIVE_LISTENERS = Gauge(
    "flasky_live_listeners", "Pages that wait for live updates.", multiprocess_mode="livesum"
)
# demo-only: end

# rate() misses the first event of a series that starts with it, so these start at 0.
for result in ("sent", "failed"):
    EMAILS.labels(result)
for state in ("checked_out", "idle"):
    DB_CONNECTIONS.labels(state)


def count_exception(error: BaseException, endpoint: str | None) -> None:
    """Count an unhandled exception; `endpoint` is None if no URL rule matched."""
    EXCEPTIONS.labels(type(error).__name__, endpoint or "none").inc()
