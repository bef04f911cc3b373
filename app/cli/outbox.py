"""`flask outbox`: the emails of the site."""

from datetime import timedelta

import click
from sqlalchemy import func, select

from .. import jobs
from ..extensions import db
from ..mail.outbox import send_outbox_email
from ..models import OutboxEmail, utcnow
from .reporting import ReportingGroup, count

BATCH = 100  # emails that are in memory

outbox = ReportingGroup("outbox", help="List, send and delete emails in the outbox.")


@outbox.command("list")
@click.option("--all", "show_all", is_flag=True, help="Include sent emails, newest first.")
@click.option("--limit", default=50, type=click.IntRange(1), help="Maximum number.")
def list_emails(show_all: bool, limit: int) -> None:
    """List the emails that were not sent, oldest first."""
    newest_first = select(OutboxEmail).order_by(OutboxEmail.id.desc())
    query = newest_first if show_all else OutboxEmail.unsent()
    emails = db.session.scalars(query.limit(limit)).all()
    if not emails:
        click.echo("No emails." if show_all else "No pending emails.")
    for email in emails:
        click.echo(_line(email))


@outbox.command("send")
def send() -> None:
    """Send all unsent emails now, including discarded ones.

    The exit code is 1 if an email is not sent.
    """
    sent, not_sent, last_id = 0, 0, 0
    newest_id = db.session.scalar(select(func.max(OutboxEmail.id))) or 0
    rest = OutboxEmail.unsent().with_only_columns(OutboxEmail.id).limit(BATCH)
    while ids := db.session.scalars(
        rest.where(OutboxEmail.id > last_id, OutboxEmail.id <= newest_id)
    ).all():
        for email_id in ids:
            jobs.run_now(send_outbox_email, email_id)
        last_id = ids[-1]
        unsent = db.session.scalars(OutboxEmail.unsent().where(OutboxEmail.id.in_(ids))).all()
        sent, not_sent = sent + len(ids) - len(unsent), not_sent + len(unsent)
        for email in unsent:
            click.echo(_line(email))
    click.echo(f"{sent} sent, {not_sent} not sent.")
    if not_sent:
        raise SystemExit(1)


@outbox.command("prune")
@click.option("--days", default=30, type=click.IntRange(1), help="Minimum age in days.")
def prune(days: int) -> None:
    """Delete old emails that were sent or discarded. Pending emails are kept."""
    deleted = 0
    for batch in OutboxEmail.prune(utcnow() - timedelta(days=days)):
        db.session.commit()
        deleted += batch
    click.echo(f"Deleted {count(deleted, 'email')} sent or discarded more than {days} days ago.")


def _line(email: OutboxEmail) -> str:
    if email.sent_at is not None:
        state = f"sent {email.sent_at:%Y-%m-%d %H:%M}"
    else:
        state = "pending" if email.discarded_at is None else "discarded"
        state += f", attempts: {email.attempts}"
    reason = f": {email.last_error}" if email.last_error else ""
    created = f"{email.id}  {email.created_at:%Y-%m-%d %H:%M}"
    return f"{created}  {email.recipient}  {email.subject}  ({state}{reason})"
