"""`flask jobs`: what failed, and what waits."""

import json

import click
from flask import current_app
from sqlalchemy import delete, select

from .. import jobs as background
from ..extensions import db
from ..models import FailedJob, rows_changed
from .telling import TellingGroup

jobs = TellingGroup("jobs", help="Jobs that failed, and how many wait in the queue.")


@jobs.command("list")
def list_jobs() -> None:
    """List the jobs that failed, oldest first, and count those in the queue."""
    failed = db.session.scalars(FailedJob.oldest_first()).all()
    for row in failed:
        click.echo(_line(row))
    if not failed:
        click.echo("No job has failed.")
    click.echo(_queue())


@jobs.command("retry")
@click.argument("number", type=int, required=False)
@click.option("--all", "retry_all", is_flag=True, help="Every job that failed.")
def retry(number: int | None, retry_all: bool) -> None:
    """Do a job that failed again, now; exit with 1 if it fails again."""
    if (number is None) is not retry_all:
        raise click.UsageError("Name one job by its number, or say --all.")
    ids = list(db.session.scalars(select(FailedJob.id).order_by(FailedJob.id)))
    if number is not None:
        _must_exist(number, ids)
        ids = [number]
    db.session.rollback()
    done = sum(background.retry_now(failure_id) for failure_id in ids)
    click.echo(f"{done} done, {len(ids) - done} failed again.")
    for row in db.session.scalars(FailedJob.oldest_first().where(FailedJob.id.in_(ids))):
        click.echo(_line(row))
    if done < len(ids):
        raise SystemExit(1)


@jobs.command("forget")
@click.argument("number", type=int)
def forget(number: int) -> None:
    """Forget a job that failed: it will not be tried again."""
    forgotten = db.session.execute(delete(FailedJob).where(FailedJob.id == number))
    db.session.commit()
    _must_exist(number, [number] if rows_changed(forgotten) else [])
    click.echo(f"Forgot job {number}.")


def _must_exist(number: int, ids: list[int]) -> None:
    if number not in ids:
        raise click.ClickException(f"No failed job has the number {number}: see flask jobs list.")


def _line(row: FailedJob) -> str:
    arguments = ", ".join(json.dumps(argument) for argument in row.arguments)
    again = "given up" if row.retry_at is None else f"again {row.retry_at:%Y-%m-%d %H:%M:%S}"
    failed = f"{row.failed_at:%Y-%m-%d %H:%M}"
    state = f"{again}, attempts: {row.attempts}"
    return f"{row.id}  {failed}  {row.name}({arguments})  ({state}: {row.last_error})"


def _queue() -> str:
    queue = background.queue_of(current_app)
    if queue is None:
        return "No queue is configured: each process does its own jobs."
    try:
        return f"{queue.size()} in the queue {queue.place}."
    except background.QueueUnreachable as error:
        return f"The queue cannot be reached: {error}"
