"""`flask jobs`: background jobs that wait, run or have failed."""

import json
from collections.abc import Iterator, Sequence

import click
from sqlalchemy import delete, func, select

from .. import jobs as background
from ..extensions import db
from ..models import Job, rows_changed
from .reporting import ReportingGroup, count

BATCH = 100  # jobs that are in memory

jobs = ReportingGroup("jobs", help="List, retry and delete background jobs.")


@jobs.command("list")
@click.option("--all", "show_all", is_flag=True, help="Include jobs that have not failed.")
@click.option("--limit", default=50, type=click.IntRange(1), help="Maximum number.")
def list_jobs(show_all: bool, limit: int) -> None:
    """List the jobs that have failed, oldest first, and count all jobs."""
    query = select(Job) if show_all else select(Job).where(Job.last_error.is_not(None))
    rows = db.session.scalars(query.order_by(Job.id).limit(limit)).all()
    for job in rows:
        click.echo(_line(job))
    if not rows:
        click.echo("No jobs." if show_all else "No failed jobs.")
    total = db.session.scalar(select(func.count()).select_from(Job)) or 0
    click.echo(f"{count(total, 'job')} in total.")


@jobs.command("retry")
@click.argument("job_id", metavar="[ID]", type=int, required=False)
@click.option("--all", "retry_all", is_flag=True, help="Run every job that has failed.")
def retry(job_id: int | None, retry_all: bool) -> None:
    """Run a job now.

    The exit code is 1 if it fails, or is running already.
    """
    if (job_id is None) is not retry_all:
        raise click.UsageError("Give the ID of a job, or --all.")
    if job_id is not None:
        _require(db.session.get(Job, job_id) is not None, job_id)
    succeeded, failed = 0, 0
    for ids in [[job_id]] if job_id is not None else _failed_ids():
        db.session.rollback()
        results = [background.get_runner().run_now(Job.id == each) for each in ids]
        succeeded, failed = succeeded + sum(results), failed + results.count(False)
        for job in db.session.scalars(select(Job).where(Job.id.in_(ids)).order_by(Job.id)):
            click.echo(_line(job))
    click.echo(f"{succeeded} succeeded, {failed} failed.")
    if failed:
        raise SystemExit(1)


def _failed_ids() -> Iterator[Sequence[int]]:
    """Yield the ids of the jobs that have failed until now, in batches."""
    last_id, newest_id = 0, db.session.scalar(select(func.max(Job.id))) or 0
    failed = select(Job.id).where(Job.last_error.is_not(None)).order_by(Job.id).limit(BATCH)
    while ids := db.session.scalars(failed.where(Job.id > last_id, Job.id <= newest_id)).all():
        yield ids
        last_id = ids[-1]


@jobs.command("delete")
@click.argument("job_id", metavar="ID", type=int)
def delete_job(job_id: int) -> None:
    """Delete a job; it is not run again."""
    deleted = db.session.execute(delete(Job).where(Job.id == job_id))
    db.session.commit()
    _require(bool(rows_changed(deleted)), job_id)
    click.echo(f"Deleted job {job_id}.")


def _require(exists: bool, job_id: int) -> None:
    if not exists:
        raise click.ClickException(f"No job has the ID {job_id}. See: flask jobs list --all")


def _line(job: Job) -> str:
    arguments = ", ".join(json.dumps(argument) for argument in job.arguments)
    details = f"attempts: {job.attempts}"
    if job.state == "running":
        details += f", by {job.claimed_by}"
    elif job.run_at is not None:
        details = f"due {job.run_at:%Y-%m-%d %H:%M:%S}, {details}"
    error = f": {job.last_error}" if job.last_error else ""
    call = f"{job.id}  {job.created_at:%Y-%m-%d %H:%M}  {job.name}({arguments})"
    return f"{call}  ({job.state}, {details}{error})"
