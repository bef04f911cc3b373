"""What Prometheus is told of the site as a whole, and not of its processes.

The outbox and the failed jobs are asked for when somebody wants to know: the database alone knows
of all of them, whichever process or machine they come from. If it does not answer in time, the
rest of the metrics is served all the same, and says so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine, Select, case, func, select

from .extensions import db
from .models import FailedJob, Letter, utcnow
from .questions import Question, bound_statements, engine_for

SECONDS = 2.0  # Prometheus gives up after ten
LETTERS = ("new", "tried", "given_up")
JOBS = ("waiting", "given_up")

# How many letters are in a state, and since when the oldest exists.
Queue = tuple[int, datetime]


@dataclass(frozen=True)
class Waiting:
    """What waits, by state; a state that nothing is in is left out."""

    letters: Mapping[str, Queue]
    jobs: Mapping[str, int]


class SiteCollector(Collector):
    """The release, the database, the outbox and the failed jobs of `app`."""

    def __init__(self, app: Flask) -> None:
        self.release = app.config["FLASKY_RELEASE"] or ""
        self.commit = app.config["FLASKY_COMMIT"] or ""
        with app.app_context():
            engine = engine_for(db.engine.url, SECONDS)
        self.question = Question(lambda: ask(engine), SECONDS)

    def collect(self) -> Iterator[Metric]:
        """Return what is so now."""
        build = _gauge("flasky_build_info", "The release that answers.", "release", "commit")
        build.add_metric([self.release, self.commit], 1)
        yield build
        answer = self.question.begin().answer()
        up = _gauge("flasky_database_up", "1 if the database told what waits in time, else 0.")
        up.add_metric([], 0 if answer.value is None else 1)
        yield up
        if answer.value is not None:
            yield from _show(answer.value)


def ask(engine: Engine) -> Waiting:
    """Ask the database what waits."""
    with engine.connect() as connection:
        bound_statements(connection, SECONDS)
        letters = {row[0]: (row[1], row[2]) for row in connection.execute(_letters())}
        jobs = {row[0]: row[1] for row in connection.execute(_jobs())}
    return Waiting(letters, jobs)


def _letters() -> Select[Any]:
    state = case(
        (Letter.given_up_at.is_not(None), "given_up"),
        (Letter.last_error.is_not(None), "tried"),
        else_="new",
    ).label("state")
    count = select(state, func.count(), func.min(Letter.created_at))
    return count.where(Letter.sent_at.is_(None)).group_by(state)


def _jobs() -> Select[Any]:
    state = case((FailedJob.retry_at.is_(None), "given_up"), else_="waiting").label("state")
    return select(state, func.count()).select_from(FailedJob).group_by(state)


def _show(waiting: Waiting) -> Iterator[Metric]:
    help_text = "Letters that have not gone out: new, tried in vain, or given_up."
    letters = _gauge("flasky_outbox_letters", help_text, "state")
    oldest = _gauge("flasky_outbox_oldest_seconds", "Age of the oldest of these letters.", "state")
    now = utcnow()
    for state in LETTERS:
        count, since = waiting.letters.get(state, (0, now))
        letters.add_metric([state], count)
        oldest.add_metric([state], max(0.0, (now - since).total_seconds()))
    yield letters
    yield oldest
    help_text = "Jobs that failed: waiting to be tried again, or given_up."
    jobs = _gauge("flasky_failed_jobs", help_text, "state")
    for state in JOBS:
        jobs.add_metric([state], waiting.jobs.get(state, 0))
    yield jobs


def _gauge(name: str, help_text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, labels=labels)
