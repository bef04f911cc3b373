"""`flask worker`: the process that runs background jobs."""

import os
import signal

import click
from flask import current_app
from flask.cli import with_appcontext

from .. import jobs

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
POLL_INTERVAL = 1.0  # seconds


@click.command(context_settings={"show_default": True})
@click.option("--threads", default=2, type=click.IntRange(1, 64), help="Jobs to run at a time.")
@with_appcontext
def worker(threads: int) -> None:
    """Run background jobs, such as sending email, until a signal arrives.

    SIGTERM and Ctrl-C let running jobs finish. You can start several workers. Web processes run
    jobs, too, unless JOBS_IN_WEB is false.
    """
    runner = jobs.get_runner()
    # Threads inherit the mask, so that all signals wait for sigwait().
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    runner.start(threads, POLL_INTERVAL)
    current_app.logger.info("Worker started: threads: %s, PID %s.", threads, os.getpid())
    signal.sigwait(SIGNALS)
    current_app.logger.info("Worker stopping: finishing the running jobs.")
    runner.stop()
    current_app.logger.info("Worker stopped.")
