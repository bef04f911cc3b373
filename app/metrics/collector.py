"""Metrics of the whole site, read from the database at each scrape: outbox and jobs.

They are the same whichever process or machine is scraped. If the database does not answer in
time, the other metrics are served and `flasky_db_up` is 0.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from flask import Flask
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Engine, Select, case, func, select, union_all

from ..database.timeouts import QUERY_ERRORS, unpooled_engine
from ..extensions import db
from ..models import Job, OutboxEmail, utcnow
from ..single_flight import SingleFlight

TIMEOUT = 2.0  # seconds; Prometheus waits for ten
STATES = ("pending", "retrying", "discarded")
MAX_ROWS = 10_000  # that are counted of each kind, so that a backlog does not slow down scrapes


class SiteCollector(Collector):
    """The release, the state of the database, the outbox and the jobs of `app`."""

    def __init__(self, app: Flask) -> None:
        self.build = {name: app.config[name.upper()] or "" for name in ("release", "commit")}
        with app.app_context():
            engine = unpooled_engine(db.engine.url, TIMEOUT)
        self.query = SingleFlight(partial(query_backlog, engine), TIMEOUT)

    def collect(self) -> Iterator[Metric]:
        """Yield the current metrics."""
        build = Gauge("flasky_build_info", "Release and commit; always 1.", labels=[*self.build])
        build.add_metric([*self.build.values()], 1)
        yield build
        try:
            backlog = self.query.result()
        except QUERY_ERRORS:
            backlog = None
        is_up = backlog is not None
        yield Gauge("flasky_db_up", "1 if the database answered in time, else 0.", is_up)
        yield from backlog or ()


def query_backlog(engine: Engine) -> list[Metric]:
    """Query the outbox and the jobs."""
    with engine.connect() as connection:
        return [*_email_metrics(connection), *_job_metrics(connection)]


def _email_metrics(connection: Connection) -> Iterator[Metric]:
    emails = Gauge("flasky_outbox_emails", "Unsent emails in the outbox.", labels=["state"])
    age = Gauge(
        "flasky_outbox_oldest_email_age_seconds",
        "Age of the oldest unsent email.",
        labels=["state"],
    )
    now = utcnow()
    unsent = {state: row for state, *row in connection.execute(count_emails())}
    for state in STATES:
        count, oldest = unsent.get(state, (0, now))
        emails.add_metric([state], count)
        age.add_metric([state], max(0.0, (now - oldest).total_seconds()))
    yield emails
    yield age


def count_emails() -> Select[Any]:
    """Return the query for the state, number and oldest time of unsent emails.

    It counts in two parts, of which each has an index.
    """
    unsent = select(OutboxEmail).where(OutboxEmail.sent_at.is_(None))
    pending = unsent.where(OutboxEmail.discarded_at.is_(None)).order_by(OutboxEmail.id)
    is_discarded = OutboxEmail.discarded_at.is_not(None)
    discarded = unsent.where(is_discarded).order_by(OutboxEmail.discarded_at)
    columns = OutboxEmail.discarded_at, OutboxEmail.last_error, OutboxEmail.created_at
    parts = [part.with_only_columns(*columns).limit(MAX_ROWS) for part in (pending, discarded)]
    rows = union_all(*(select(part.subquery()) for part in parts)).subquery()
    state = case(
        (rows.c.discarded_at.is_not(None), "discarded"),
        (rows.c.last_error.is_not(None), "retrying"),
        else_="pending",
    ).label("state")
    return select(state, func.count(), func.min(rows.c.created_at)).group_by(state)


def _job_metrics(connection: Connection) -> Iterator[Metric]:
    jobs = Gauge("flasky_jobs", "Background jobs that are not done.", labels=["state"])
    counts: dict[str, int] = dict(connection.execute(count_jobs()).all())
    for state in STATES:
        jobs.add_metric([state], counts.get(state, 0))
    yield jobs
    now = utcnow()
    due = connection.scalar(select(func.min(Job.run_at))) or now  # by an index
    delay = max(0.0, (now - due).total_seconds())
    yield Gauge("flasky_jobs_delay_seconds", "How long the oldest due job is waiting.", delay)


def count_jobs() -> Select[Any]:
    """Return the query for the state and number of jobs."""
    rows = select(Job.run_at, Job.last_error).limit(MAX_ROWS).subquery()
    state = case(
        (rows.c.run_at.is_(None), "discarded"),
        (rows.c.last_error.is_not(None), "retrying"),
        else_="pending",
    ).label("state")
    return select(state, func.count()).select_from(rows).group_by(state)
