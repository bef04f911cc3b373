"""`flask mail`: letters that were refused stay, say why, and go out once."""

from datetime import timedelta

from flask import Flask
from flask.testing import FlaskCliRunner

from app import email
from app.extensions import db
from app.models import Letter, User, utcnow
from tests.factories import Factory
from tests.mailbox import Mailbox


def promise(app: Flask, make: Factory, username: str) -> None:
    """Promise a letter to a new user, and try at once to deliver it."""
    person = make.user(username, confirmed=False)
    with app.app_context():
        email.send_confirmation(db.session.get_one(User, person.id))
        db.session.commit()


def test_refused_letter_waits_is_tried_again_and_goes_out_once(
    app: Flask, runner: FlaskCliRunner, make: Factory, letters: Mailbox
) -> None:
    letters.refusal = "451 Come back later"
    promise(app, make, "ann")
    promise(app, make, "bob")

    refused = runner.invoke(args=["mail", "deliver"])
    assert refused.exit_code == 1
    assert refused.stdout.startswith("0 sent, 2 waiting.")
    assert "ann@example.com" in refused.stdout
    assert "waiting, attempts: 2" in refused.stdout
    assert "Come back later" in refused.stdout
    assert letters.received == []

    letters.refusal = None
    taken = runner.invoke(args=["mail", "deliver"])
    assert (taken.exit_code, taken.stdout) == (0, "2 sent, 0 waiting.\n")

    again = runner.invoke(args=["mail", "deliver"])
    assert (again.exit_code, again.stdout) == (0, "0 sent, 0 waiting.\n")
    assert [letter.recipients for letter in letters.received] == [
        ["ann@example.com"],
        ["bob@example.com"],
    ]


def test_list_shows_what_waits_and_why(
    app: Flask, runner: FlaskCliRunner, make: Factory, letters: Mailbox
) -> None:
    promise(app, make, "ann")
    letters.refusal = "550 Nobody here"
    promise(app, make, "bob")

    [waiting] = runner.invoke(args=["mail", "list"]).stdout.splitlines()
    newest, oldest = runner.invoke(args=["mail", "list", "--all"]).stdout.splitlines()

    assert "bob@example.com" in waiting
    assert "waiting, attempts: 1" in waiting
    assert "Nobody here" in waiting
    assert newest == waiting
    assert "ann@example.com" in oldest
    assert "(sent 20" in oldest


def test_list_can_be_cut_short(
    app: Flask, runner: FlaskCliRunner, make: Factory, letters: Mailbox
) -> None:
    letters.refusal = "451 Come back later"
    promise(app, make, "ann")
    promise(app, make, "bob")

    [line] = runner.invoke(args=["mail", "list", "--limit", "1"]).stdout.splitlines()

    assert "ann@example.com" in line


def test_empty_outbox_says_so(runner: FlaskCliRunner) -> None:
    assert runner.invoke(args=["mail", "list"]).stdout == "No letter is waiting.\n"
    assert runner.invoke(args=["mail", "list", "--all"]).stdout == "No letters yet.\n"
    assert runner.invoke(args=["mail", "deliver"]).stdout == "0 sent, 0 waiting.\n"


def test_list_shows_no_secret(
    app: Flask, runner: FlaskCliRunner, make: Factory, letters: Mailbox
) -> None:
    letters.refusal = "451 Come back later"
    promise(app, make, "ann")

    assert "/auth/" not in runner.invoke(args=["mail", "list", "--all"]).stdout


def test_letter_that_cannot_be_written_stops_no_other(
    app: Flask, runner: FlaskCliRunner, make: Factory, letters: Mailbox
) -> None:
    with app.app_context():
        bad = Letter(recipient="ann@example.com", subject="Two\nlines", body_text="", body_html="")
        db.session.add(bad)
        db.session.commit()
    letters.refusal = "451 Come back later"
    promise(app, make, "bob")
    letters.refusal = None

    result = runner.invoke(args=["mail", "deliver"])

    assert result.exit_code == 1
    assert result.stdout.startswith("1 sent, 1 waiting.")
    assert "BadHeaderError" in result.stdout
    assert letters.to("bob@example.com")


def test_prune_forgets_what_was_delivered_long_ago(
    app: Flask, runner: FlaskCliRunner, make: Factory, letters: Mailbox
) -> None:
    promise(app, make, "old")
    promise(app, make, "new")
    letters.refusal = "451 Come back later"
    promise(app, make, "waiting")
    with app.app_context():
        old = db.session.scalar(db.select(Letter).where(Letter.recipient == "old@example.com"))
        assert old is not None
        old.sent_at = utcnow() - timedelta(days=31)
        db.session.commit()

    result = runner.invoke(args=["mail", "prune"])

    expected = "Forgot 1 letters delivered or given up more than 30 days ago.\n"
    assert (result.exit_code, result.stdout) == (0, expected)
    with app.app_context():
        kept = db.session.scalars(db.select(Letter.recipient).order_by(Letter.id)).all()
    assert kept == ["new@example.com", "waiting@example.com"]
