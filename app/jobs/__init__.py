"""Background work. This is the only door to it: nothing else knows how jobs are run.

A job is a plain function that takes ids and may run twice; `@job` gives it its name.
`after_commit` promises it once the transaction has committed. A thread of the process runs it, or
`flask worker`, if a queue is configured. What fails is tried again (retries.py); letters have
their own memory, the outbox (letters.py).
"""

from typing import cast

from flask import Flask, current_app

from ..extensions import db
from ..outages import Outage
from ..queueing import Queue, QueueUnreachable
from .background import Background
from .letters import deliver_letter
from .promises import after_commit, queue_of, watch
from .registry import UnknownJob, job
from .retries import retry_now
from .worker import Worker

__all__ = [
    "QueueUnreachable",
    "UnknownJob",
    "Worker",
    "after_commit",
    "deliver_letter",
    "init_app",
    "job",
    "ping",
    "queue_of",
    "retry_now",
]

MAIL_PAUSE = 10.0  # seconds in which a mail server that did not answer is left alone


def init_app(app: Flask) -> None:
    """Watch the session for commits, and decide who runs the jobs."""
    url, site = app.config["QUEUE_URL"], app.config["FLASKY_URL"]
    app.extensions["queue"] = Queue(url, f"flasky {site}") if url else None
    app.extensions["background"] = Background(app)
    app.extensions["mail_outage"] = Outage(MAIL_PAUSE)
    app.before_request(_wake_background)
    watch(db.session)


def ping(timeout: float) -> None:
    """Return if jobs can be handed over within `timeout` seconds, else raise QueueUnreachable.

    Without a queue they always can.
    """
    queue = queue_of(current_app)
    if queue is not None:
        queue.ping(timeout)


def _wake_background() -> None:
    """Let the process look for what others have left behind: after gunicorn has forked."""
    if queue_of(current_app) is None and not current_app.config["JOBS_INLINE"]:
        cast("Background", current_app.extensions["background"]).start()
