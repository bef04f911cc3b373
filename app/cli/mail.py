"""`flask mail`: the outbox."""

from datetime import timedelta

import click
from sqlalchemy import select

from .. import jobs
from ..extensions import db
from ..models import Letter, rows_changed, utcnow
from .telling import TellingGroup

mail = TellingGroup("mail", help="The outbox: letters that were promised, and their delivery.")


@mail.command("list")
@click.option("--all", "show_all", is_flag=True, help="Show delivered letters too.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="How many.")
def list_letters(show_all: bool, limit: int) -> None:
    """List letters that have not gone out, oldest first (--all: every letter, newest first)."""
    query = select(Letter).order_by(Letter.id.desc()) if show_all else Letter.unsent()
    letters = db.session.scalars(query.limit(limit)).all()
    if not letters:
        click.echo("No letters yet." if show_all else "No letter is waiting.")
    for letter in letters:
        click.echo(_line(letter))


@mail.command("deliver")
def deliver() -> None:
    """Try every letter that has not gone out, those given up too; exit with 1 if one stays."""
    ids = db.session.scalars(Letter.unsent().with_only_columns(Letter.id)).all()
    db.session.rollback()  # no connection is held while a letter is sent
    sent = sum(jobs.deliver_letter(letter_id) for letter_id in ids)
    waiting = db.session.scalars(Letter.unsent()).all()
    click.echo(f"{sent} sent, {len(waiting)} waiting.")
    for letter in waiting:
        click.echo(_line(letter))
    if waiting:
        raise SystemExit(1)


@mail.command("prune")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1), help="How old.")
def prune(days: int) -> None:
    """Forget letters that were delivered or given up long ago; those that wait stay."""
    deleted = db.session.execute(Letter.done_before(utcnow() - timedelta(days=days)))
    db.session.commit()
    number = rows_changed(deleted)
    click.echo(f"Forgot {number} letters delivered or given up more than {days} days ago.")


def _line(letter: Letter) -> str:
    created = f"{letter.created_at:%Y-%m-%d %H:%M}"
    if letter.sent_at is not None:
        state = f"sent {letter.sent_at:%Y-%m-%d %H:%M}"
    elif letter.given_up_at is not None:
        state = f"given up, attempts: {letter.attempts}"
    elif letter.claimed_until is not None and letter.claimed_until > utcnow():
        state = f"being sent, attempts: {letter.attempts}"
    else:
        state = f"waiting, attempts: {letter.attempts}"
    reason = f": {letter.last_error}" if letter.last_error else ""
    return f"{letter.id}  {created}  {letter.recipient}  {letter.subject}  ({state}{reason})"
