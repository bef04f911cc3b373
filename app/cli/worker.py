"""`flask worker`: the process that does the jobs of the queue."""

import click
from flask import current_app
from flask.cli import with_appcontext

from .. import jobs


@click.command()
@click.option(
    "--threads", default=2, show_default=True, type=click.IntRange(1, 64), help="Jobs at a time."
)
@with_appcontext
def worker(threads: int) -> None:
    """Do the jobs of the queue (QUEUE_URL), and look for letters that were left behind.

    SIGTERM and Ctrl-C let it finish what it does. Several workers may run.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy's own method
    queue = jobs.queue_of(app)
    if queue is None:
        raise click.ClickException(
            "No queue is configured: each process does its own jobs. Set QUEUE_URL for a worker."
        )
    try:
        jobs.Worker(app, queue, threads).run()
    except jobs.QueueUnreachable as error:
        raise click.ClickException(f"The queue cannot be opened: {error}") from None
