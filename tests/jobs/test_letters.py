"""Each letter is sent by one process, until it is taken, refused for good or nobody is there."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app import delivery, jobs
from app.extensions import db
from app.jobs.sweeping import Sweep
from app.models import Letter, utcnow
from tests.jobs.outbox import read, sweep, write
from tests.mailbox import Mailbox, free_port


@pytest.fixture
def nobody(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the mail server be down."""
    mail = app.extensions["mail"]
    monkeypatch.setattr(mail, "port", free_port())
    yield
    app.extensions["mail_outage"].end()


@pytest.mark.usefixtures("context")
def test_sweep_delivers_what_was_left_behind(app: Flask, letters: Mailbox) -> None:
    number = write()

    sweep(app)
    sweep(app)

    assert len(letters.to("ann@example.com")) == 1
    assert read(number).sent_at is not None


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize(
    "columns",
    [
        {"next_attempt_at": utcnow() + timedelta(hours=1)},
        {"claimed_until": utcnow() + timedelta(hours=1)},
        {"given_up_at": utcnow()},
        {"sent_at": utcnow()},
    ],
    ids=["not due", "being sent", "given up", "sent"],
)
def test_sweep_leaves_alone(app: Flask, letters: Mailbox, columns: dict[str, Any]) -> None:
    write(**columns)

    sweep(app)

    assert letters.received == []


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize(
    "columns",
    [{"next_attempt_at": None}, {"claimed_until": utcnow() - timedelta(seconds=1)}],
    ids=["of the release before", "of a process that was killed"],
)
def test_sweep_takes_letters(app: Flask, letters: Mailbox, columns: dict[str, object]) -> None:
    number = write()
    db.session.execute(update(Letter).where(Letter.id == number).values(**columns))
    db.session.commit()

    sweep(app)

    assert len(letters.received) == 1


@pytest.mark.usefixtures("context")
def test_new_letter_is_left_to_its_job_for_a_moment(app: Flask, letters: Mailbox) -> None:
    row = Letter(recipient="ann@example.com", subject="Hello", body_text="x", body_html="x")
    db.session.add(row)
    db.session.commit()

    sweep(app)
    assert letters.received == []

    assert jobs.deliver_letter(row.id)


def test_letter_that_many_want_to_send_goes_out_once(app: Flask, letters: Mailbox) -> None:
    with app.app_context():
        numbers = [write(f"reader{number}@example.com") for number in range(5)]
    together = threading.Barrier(4)

    def work(way: int) -> int:
        together.wait()
        with app.app_context():
            if way == 0:
                sweep(app)
                return 0
            return sum(jobs.deliver_letter(number) for number in numbers)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert sorted(letter.recipients[0] for letter in letters.received) == [
        f"reader{number}@example.com" for number in range(5)
    ]


@pytest.mark.usefixtures("context", "nobody")
def test_dead_mail_server_is_asked_once_and_told_once(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    numbers = [write(), write(), write()]

    sweep(app)
    assert not jobs.deliver_letter(numbers[2])

    assert [bool(read(number).last_error) for number in numbers] == [True, False, False]
    assert [read(number).attempts for number in numbers] == [0, 0, 0]
    told = [record.getMessage() for record in caplog.records if record.name == "app"]
    assert len(told) == 1
    assert told[0].startswith("The mail server cannot be reached. Letters wait in the outbox")


@pytest.mark.usefixtures("context", "nobody")
def test_long_outage_is_told_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(app.extensions["mail_outage"], "pause", 0)
    for _ in range(3):
        write()

    sweep(app)

    assert len([record for record in caplog.records if record.name == "app"]) == 1


@pytest.mark.usefixtures("context")
def test_letter_that_another_sweep_has_just_tried_is_not_tried_again(
    app: Flask, letters: Mailbox
) -> None:
    number = write()
    letters.refusal = "451 Come back later"
    found_by_two = [*Sweep(app).steps(), *Sweep(app).steps()]

    for step in found_by_two:
        step()

    assert len(found_by_two) == 2
    assert read(number).attempts == 1


@pytest.mark.usefixtures("context")
def test_refused_letter_is_tried_with_growing_pauses_and_then_given_up(
    app: Flask, letters: Mailbox
) -> None:
    number, pauses = write(), list[int]()
    letters.refusal = "550 Nobody here"

    while (letter := read(number)).given_up_at is None and len(pauses) < 10:
        letter.next_attempt_at = utcnow()
        db.session.commit()
        sweep(app)
        letter = read(number)
        assert letter.next_attempt_at is not None
        pauses.append(round((letter.next_attempt_at - utcnow()).total_seconds()))

    assert letter.attempts == len(pauses) == 6
    assert pauses == pytest.approx([15, 60, 240, 960, 3600, 3600], abs=5)
    assert db.session.scalars(Letter.waiting()).all() == []


@pytest.mark.usefixtures("context")
def test_letter_that_is_asked_to_come_back_is_not_given_up_for_days(
    app: Flask, letters: Mailbox
) -> None:
    young, old = write(attempts=50), write(created_at=utcnow() - timedelta(days=6))
    letters.refusal = "451 Come back later"

    sweep(app)

    assert read(young).given_up_at is None
    assert read(old).given_up_at is not None


@pytest.mark.usefixtures("context")
def test_letter_has_the_same_name_each_time_and_no_other_letter_has_it() -> None:
    first, second = read(write()), read(write())

    names = [delivery.compose(letter).msgId for letter in (first, first, second)]

    assert names[0] == names[1] != names[2]
    assert names[0].endswith("@flasky.example>")
