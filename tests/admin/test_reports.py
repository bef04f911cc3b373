"""The queue of reports: who sees it, decisions, and the emails to reporters."""

import pytest
from flask import Flask

from app.admin import reports
from app.extensions import db
from app.models import OutboxEmail, ReportedItem, SecurityEvent
from tests.support.concurrency import prepared_submission, run_concurrently
from tests.support.databases import record_statements
from tests.support.factories import Factory, UserData
from tests.support.http_client import Page, SiteClient
from tests.support.mailbox import Mailbox
from tests.support.rows import add_report, count_rows


@pytest.fixture
def bad(make: Factory) -> UserData:
    return make.user("bad")


@pytest.fixture
def ann(make: Factory) -> UserData:
    return make.user("ann")


@pytest.fixture
def mo(make: Factory, client: SiteClient) -> SiteClient:
    """A logged-in moderator."""
    return client.log_in(make.user("mo", role="Moderator"))


def resolve(client: SiteClient, item: int, outcome: str = "acted", note: str = "Warned") -> Page:
    return client.submit(f"/admin/reports/{item}", {"outcome": outcome, "note": note})


@pytest.mark.both_databases
def test_moderator_resolves_reports(
    app: Flask, make: Factory, mo: SiteClient, ann: UserData, bad: UserData, mailbox: Mailbox
) -> None:
    item = add_report(app, ann, bad, text="Look at this.")
    add_report(app, make.user("bob"), bad)
    assert "2 reports" in mo.open("/admin/reports").text
    detail = mo.open(f"/admin/reports/{item}")
    for text in ("bad", "Look at this.", "ann", "bob"):
        assert text in detail.text

    page = resolve(mo, item)

    assert page.path == "/admin/reports"
    assert "The reports have been resolved." in page.text
    assert "No open reports" in page.text
    assert "Acted upon: Warned" in mo.open(f"/admin/reports/{item}").text
    for recipient in (ann.email, "bob@example.com"):
        message = mailbox.last(recipient)
        assert "Your report was reviewed" in message.subject
        assert "acted upon it" in message.text
    assert mailbox.to(bad.email) == []


def test_reporter_gets_only_the_decision(
    app: Flask, mo: SiteClient, ann: UserData, bad: UserData, mailbox: Mailbox
) -> None:
    resolve(mo, add_report(app, ann, bad, text="my words"), "dismissed", "secret note")

    message = mailbox.last(ann.email)
    assert "does not break the rules" in message.text
    for text in ("secret note", "my words", "bad@", "mo@", "ann@"):
        assert text not in message.text + message.html


def test_decision_is_in_the_audit_log_but_not_in_the_log_of_the_user(
    app: Flask, make: Factory, mo: SiteClient, ann: UserData, bad: UserData
) -> None:
    resolve(mo, add_report(app, ann, bad), "dismissed", "Fine")

    boss = SiteClient(app).log_in(make.user("boss", role="Administrator"))
    assert f"bad – Report dismissed: user #{bad.id}: Fine" in boss.open("/auth/audit-log").text
    assert "Report" not in SiteClient(app).log_in(bad).open("/auth/security-log").text


def test_post_and_comment_are_shown_with_their_actions(
    app: Flask, make: Factory, mo: SiteClient, ann: UserData, bad: UserData
) -> None:
    post = make.post(bad, "Words of Bad")
    comment = make.comment(bad, post, "Remark of Bad")
    of_post = add_report(app, ann, bad, kind="post", row_id=str(post))
    of_comment = add_report(app, ann, bad, kind="comment", row_id=str(comment))

    page = mo.open(f"/admin/reports/{of_post}")
    assert "Words of Bad" in page.text
    assert f"/post/{post}/deletion" in page.links
    page = mo.submit(f"/admin/reports/{of_comment}", {}, action=f"/comment/{comment}/suspension")
    assert page.path == f"/admin/reports/{of_comment}"
    assert "The comment has been disabled." in page.text
    assert "Remark of Bad" in page.text

    mo.submit(f"/post/{post}/deletion", action=f"/post/{post}/deletion")
    for item in (of_post, of_comment):
        page = mo.open(f"/admin/reports/{item}")
        assert "This has been deleted, or is hidden." in page.text
        assert resolve(mo, item).path == "/admin/reports"


@pytest.mark.parametrize("fields", [{"note": "x"}, {"outcome": "acted", "note": ""}])
def test_decision_and_note_are_required(
    app: Flask, mo: SiteClient, ann: UserData, bad: UserData, fields: dict[str, str]
) -> None:
    item = add_report(app, ann, bad)

    page = mo.submit(f"/admin/reports/{item}", fields)

    assert page.path == f"/admin/reports/{item}"
    assert "Please fix the following" in page.text or "required" in page.text
    assert "1 report" in mo.open("/admin/reports").text


def test_moderator_neither_sees_nor_resolves_reports_about_themselves(
    app: Flask, make: Factory, ann: UserData
) -> None:
    mod = make.user("mod", role="Moderator")
    client = SiteClient(app).log_in(mod)
    item = add_report(app, ann, mod)

    assert "No open reports" in client.open("/admin/reports").text
    assert client.open(f"/admin/reports/{item}").status == 404
    page = client.post(f"/admin/reports/{item}", outcome="dismissed", note="Fine")
    assert page.status == 404
    with app.app_context():
        assert db.session.get_one(ReportedItem, item).resolved_at is None


@pytest.mark.both_databases
@pytest.mark.slow
def test_two_moderators_at_once_make_one_decision(
    app: Flask, make: Factory, ann: UserData, bad: UserData, mailbox: Mailbox
) -> None:
    item = add_report(app, ann, bad)
    path = f"/admin/reports/{item}"
    clients = [SiteClient(app).log_in(make.user(name, role="Moderator")) for name in ("mo", "max")]
    outcomes = ({"outcome": "acted", "note": "A"}, {"outcome": "dismissed", "note": "B"})

    pages = run_concurrently(
        *(
            prepared_submission(client, path, fields)
            for client, fields in zip(clients, outcomes, strict=True)
        )
    )

    assert {page.status for page in pages} <= {200, 409}
    assert count_rows(app, SecurityEvent) == 1 + logins(app)
    assert len(mailbox.to(ann.email)) == 1


def logins(app: Flask) -> int:
    """Return the number of events that are no actions."""
    with app.app_context():
        is_own = SecurityEvent.actor_name.is_(None)
        return len(db.session.scalars(db.select(SecurityEvent.id).where(is_own)).all())


def test_reporters_are_notified_in_batches(
    app: Flask, make: Factory, mo: SiteClient, bad: UserData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "BATCH", 2)
    items = {add_report(app, make.user(f"user{number}"), bad) for number in range(5)}
    [item] = items

    resolve(mo, item)
    with app.app_context():
        row = db.session.get_one(ReportedItem, item)
        assert row.resolved_at is not None
        reports.notify_reporters(item, "acted", row.resolved_at.isoformat())  # once more
        db.session.commit()

    assert count_rows(app, OutboxEmail) == 5


def test_deleted_reporter_is_shown_without_a_name(
    app: Flask, make: Factory, ann: UserData, bad: UserData
) -> None:
    boss = SiteClient(app).log_in(make.user("boss", role="Administrator"))
    item = add_report(app, ann, bad, text="My words")

    boss.submit("/user/ann/deletion", {"username": "ann"})

    text = boss.open(f"/admin/reports/{item}").text
    assert "Deleted user" in text
    assert "My words" not in text
    boss.submit("/user/bad/deletion", {"username": "bad"})
    assert boss.open(f"/admin/reports/{item}").status == 404
    assert count_rows(app, ReportedItem) == 0


@pytest.mark.both_databases
def test_number_of_statements_is_constant(
    app: Flask, make: Factory, mo: SiteClient, ann: UserData, bad: UserData
) -> None:
    item = add_report(app, ann, bad)
    for number in range(2):
        for path, expected in (("/admin/reports", 2), (f"/admin/reports/{item}", 3)):
            with record_statements(app) as executed:
                assert mo.client.get(path).status_code == 200
            assert len(executed) == expected, path
        for more in range(5):
            add_report(app, ann, make.user(f"user{number}{more}"))
            add_report(app, make.user(f"reporter{number}{more}"), bad)


def test_queue_is_paginated(
    app: Flask, make: Factory, mo: SiteClient, ann: UserData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "PER_PAGE", 2)
    items = [add_report(app, ann, make.user(f"user{number}")) for number in range(5)]
    found, path = [], "/admin/reports"

    while path:
        links = mo.open(path).links
        found += list(dict.fromkeys(link for link in links if link.startswith("/admin/reports/")))
        path = next((link for link in links if "before=" in link), "")

    assert found == [f"/admin/reports/{item}" for item in reversed(items)]
