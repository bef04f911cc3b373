"""Users who asked for it get one email a day about new notifications."""

from datetime import timedelta

import pytest
from flask import Flask

from app.extensions import db
from app.mail import messages
from app.main import digests
from app.main.digests import send_digests
from app.models import Job, Notification, OutboxEmail, User, utcnow
from tests.support.concurrency import run_concurrently
from tests.support.factories import Factory, UserData
from tests.support.mailbox import Mailbox
from tests.support.rows import count_rows

pytestmark = pytest.mark.both_databases


@pytest.fixture
def ann(make: Factory) -> UserData:
    return subscriber(make, "ann")


def subscriber(make: Factory, name: str) -> UserData:
    return make.user(name, email_digest=True, digest_at=utcnow() - timedelta(days=1))


def run(app: Flask) -> None:
    with app.app_context():
        send_digests()
        db.session.commit()  # and the jobs for other users


def digest_again(app: Flask, user: UserData) -> None:
    """Make the next digest of a user due."""
    with app.app_context():
        row = db.session.get_one(User, user.id)
        row.digest_at -= User.DIGEST_INTERVAL
        db.session.commit()


def test_digest_counts_what_is_new(
    app: Flask, make: Factory, mailbox: Mailbox, ann: UserData
) -> None:
    bob = make.user("bob")
    post = make.post(ann)
    for _ in range(2):
        make.comment(bob, post, "<b>Buy</b>")
    make.post(bob, "@ann")

    run(app)

    email = mailbox.last(ann.email)
    assert email.subject == "[Flasky] New notifications"
    for part in (email.text, email.html):
        assert "You have 3 new notifications:" in part
        assert "2 comments on your posts" in part
        assert "1 mention" in part
        assert "http://flasky.example/notifications" in part
        assert "bob" not in part
        assert "Buy" not in part


def test_headers_let_email_clients_unsubscribe(
    app: Flask, make: Factory, mailbox: Mailbox, ann: UserData
) -> None:
    make.comment(make.user("bob"), make.post(ann))
    run(app)

    message = mailbox.last(ann.email).message
    url = str(message["List-Unsubscribe"])
    assert url.startswith("<http://flasky.example/auth/unsubscribe/")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = url.strip("<>").removeprefix("http://flasky.example")
    response = app.test_client().post(path, data={"List-Unsubscribe": "One-Click"})
    assert response.status_code == 200
    with app.app_context():
        assert not db.session.get_one(User, ann.id).email_digest
        assert db.session.scalars(db.select(OutboxEmail.unsubscribe_url)).all() == [None]


def test_other_emails_have_no_such_header(app: Flask, make: Factory, mailbox: Mailbox) -> None:
    with app.app_context():
        user = make.user("bob")
        messages.send_password_changed(db.session.get_one(User, user.id))
        db.session.commit()

    assert mailbox.last(user.email).message["List-Unsubscribe"] is None


def test_each_notification_is_in_one_digest(
    app: Flask, make: Factory, mailbox: Mailbox, ann: UserData
) -> None:
    bob, post = make.user("bob"), make.post(ann)
    make.comment(bob, post)
    run(app)
    run(app)
    assert len(mailbox.to(ann.email)) == 1

    make.comment(bob, post)
    run(app)
    assert len(mailbox.to(ann.email)) == 1  # not twice a day

    digest_again(app, ann)
    digest_again(app, ann)
    with app.app_context():
        rows = db.update(Notification).values(timestamp=utcnow() - timedelta(days=3))
        db.session.execute(rows)
        db.session.commit()
    run(app)
    assert len(mailbox.to(ann.email)) == 1  # there is nothing new


def test_users_who_have_read_all_get_no_email(
    app: Flask, make: Factory, mailbox: Mailbox, ann: UserData
) -> None:
    bob = make.user("bob", digest_at=utcnow() - timedelta(days=1))  # did not ask for it
    eve = subscriber(make, "eve")
    for user in (ann, bob, eve):
        make.comment(make.user(f"friend-of-{user.username}"), make.post(user))
    with app.app_context():
        Notification.mark_read(db.session.get_one(User, ann.id), utcnow())
        db.session.get_one(User, eve.id).suspend("Spam")
        db.session.commit()

    run(app)

    assert mailbox.received == []


def test_jobs_look_at_a_bounded_number_of_users(
    app: Flask, make: Factory, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "BATCH", 2)
    bob = make.user("bob")
    users = [subscriber(make, f"user{number}") for number in range(5)]
    for user in users:
        make.comment(bob, make.post(user))
    monkeypatch.setitem(app.config, "JOBS_EAGER", False)

    run(app)

    assert count_rows(app, OutboxEmail) == 1  # of Bob and the first one
    with app.app_context():
        waiting = db.select(Job.arguments).where(Job.name == "send_digests")
        assert db.session.scalars(waiting).all() == [[users[0].id]]
    monkeypatch.setitem(app.config, "JOBS_EAGER", True)
    run(app)
    assert sorted(one.recipients[0] for one in mailbox.received) == [u.email for u in users]


def test_two_workers_send_one_digest(
    app: Flask, make: Factory, mailbox: Mailbox, ann: UserData
) -> None:
    make.comment(make.user("bob"), make.post(ann))

    run_concurrently(*[lambda: run(app)] * 2)

    assert count_rows(app, OutboxEmail) == 1


def test_second_worker_claims_nothing(app: Flask, make: Factory, ann: UserData) -> None:
    make.comment(make.user("bob"), make.post(ann))
    with app.app_context():
        user = db.session.get_one(User, ann.id)
        with app.app_context():  # another session
            other = db.session.get_one(User, ann.id)
            assert Notification.claim_digest(other) == {"comment": 1}
            db.session.commit()

        assert Notification.claim_digest(user) == {}
