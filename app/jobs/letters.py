"""Delivering the outbox: each letter by one process at a time, again until it is taken.

A letter is claimed, the claim is committed, and only then the mail server hears of it: no row is
locked and no connection is held while it makes up its mind. Two copies go out in one case: if the
process dies, or the database, after the server took the letter and before that is committed.
"""

import time
from typing import cast

from flask import Flask, current_app
from sqlalchemy import ColumnElement
from sqlalchemy.exc import OperationalError

from .. import delivery
from ..extensions import db
from ..models import Letter, rows_changed
from ..outages import Outage
from .registry import job

BATCH = 1000  # letters for one sweep

# A dialogue is about that many waits of MAIL_TIMEOUT at most; a claim must outlive it.
WAITS_IN_A_DIALOGUE = 12

PATIENCE = (0.5, 1.0, 2.0, 4.0)  # seconds between attempts to note what cannot be undone


@job(swept=True)
def deliver_letter(letter_id: int) -> bool:
    """Send one letter of the outbox and note how that went; tell whether it went out.

    A letter that somebody else is sending, or has sent, is left alone. So are all letters for a
    moment, when the mail server does not answer; a sweep looks for them.
    """
    return not outage().forbids() and _deliver(letter_id)


def deliver_due(letter_id: int) -> bool:
    """Send one letter that a sweep has found, unless another sweep was quicker."""
    return not outage().forbids() and _deliver(letter_id, only_if_due=True)


def due_letters() -> list[int]:
    """Return the ids of letters that were left behind."""
    if outage().forbids():
        return []
    due = Letter.due().with_only_columns(Letter.id).limit(BATCH)
    found = list(db.session.scalars(due))
    db.session.rollback()  # gives the connection back
    return found


def outage() -> Outage:
    """Return what this process knows of the mail server."""
    return cast("Outage", current_app.extensions["mail_outage"])


def _deliver(letter_id: int, *, only_if_due: bool = False) -> bool:
    letter = _claim(letter_id, only_if_due=only_if_due)
    if letter is None:
        return False
    try:
        delivery.send(letter)
    except delivery.DeliveryError as error:
        _note_failure(letter_id, error)
        return False
    if outage().end():
        current_app.logger.warning("The mail server can be reached again.")
    _note_success(letter_id)
    return True


def _claim(letter_id: int, *, only_if_due: bool) -> Letter | None:
    """Return the letter, which is ours alone now and knows no session, or None."""
    conditions: list[ColumnElement[bool]] = [Letter.sent_at.is_(None)]
    if only_if_due:
        conditions.append(Letter.is_due())
    seconds = WAITS_IN_A_DIALOGUE * current_app.config["MAIL_TIMEOUT"]
    claimed = rows_changed(db.session.execute(Letter.claim(letter_id, seconds, *conditions)))
    db.session.commit()
    letter = db.session.get(Letter, letter_id) if claimed else None
    if letter is not None:
        db.session.expunge(letter)
    db.session.rollback()  # gives the connection back
    return letter


def _note_success(letter_id: int) -> None:
    """Note that the letter went out, if need be several times: else it would go out again."""
    for pause in PATIENCE:
        try:
            _mark_sent(letter_id)
        except OperationalError:
            db.session.rollback()
            time.sleep(pause)
        else:
            return
    _mark_sent(letter_id)


def _mark_sent(letter_id: int) -> None:
    letter = db.session.get(Letter, letter_id)
    if letter is not None:  # else its reader was deleted meanwhile
        letter.mark_sent()
    db.session.commit()


def _note_failure(letter_id: int, error: delivery.DeliveryError) -> None:
    letter = db.session.get(Letter, letter_id)
    if isinstance(error, delivery.Unreachable):
        if outage().begin():
            current_app.logger.warning(
                "The mail server cannot be reached. Letters wait in the outbox: %s", error
            )
        if letter is not None:
            letter.postpone(str(error))
    elif letter is not None:
        letter.mark_failed(str(error), for_good=error.for_good)
        _tell_of_refusal(current_app, letter, error)
    db.session.commit()


def _tell_of_refusal(app: Flask, letter: Letter, error: delivery.DeliveryError) -> None:
    if letter.given_up_at is None:
        app.logger.warning("Letter %s stays in the outbox: %s", letter.id, error)
    else:
        app.logger.warning("Letter %s was given up; see flask mail list: %s", letter.id, error)
