"""Users report accounts and content."""

from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from app.models import Comment, Post, Report, ReportedItem, User, utcnow
from tests.support.concurrency import prepared_submission, run_concurrently
from tests.support.databases import record_statements
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.rows import count_rows


@pytest.fixture
def bad(make: Factory) -> UserData:
    return make.user("bad")


@pytest.fixture
def ann(make: Factory, client: SiteClient) -> SiteClient:
    """A logged-in user."""
    return client.log_in(make.user("ann"))


def reports(app: Flask) -> list[tuple[str, str, str]]:
    with app.app_context():
        rows = db.select(ReportedItem.kind, Report.reason, Report.text).join(
            Report, Report.item_id == ReportedItem.id
        )
        return [(kind, reason, text) for kind, reason, text in db.session.execute(rows)]


@pytest.mark.both_databases
def test_user_is_reported(app: Flask, ann: SiteClient, bad: UserData) -> None:
    assert "/user/bad/report" in ann.open("/user/bad").links

    page = ann.submit("/user/bad/report", {"reason": "spam", "text": " Look "})

    assert page.path == "/user/bad"
    assert "Moderators will review your report." in page.text
    assert reports(app) == [("user", "spam", "Look")]


@pytest.mark.both_databases
def test_post_and_comment_are_reported(
    app: Flask, make: Factory, ann: SiteClient, bad: UserData
) -> None:
    post = make.post(bad)
    comment = make.comment(bad, post)
    assert {f"/post/{post}/report", f"/comment/{comment}/report"} <= set(
        ann.open(f"/post/{post}").links
    )

    for path in (f"/post/{post}/report", f"/comment/{comment}/report"):
        assert ann.submit(path, {"reason": "other"}).path == f"/post/{post}"

    assert sorted(reports(app)) == [("comment", "other", ""), ("post", "other", "")]


def test_second_report_changes_the_first(app: Flask, ann: SiteClient, bad: UserData) -> None:
    ann.submit("/user/bad/report", {"reason": "spam", "text": "Look"})

    form = ann.open("/user/bad/report").form_with({"reason", "text"})
    assert (form.fields["reason"], form.fields["text"]) == ("spam", "Look")
    ann.submit("/user/bad/report", {"reason": "other", "text": ""})

    assert reports(app) == [("user", "other", "")]


def test_reviewed_report_cannot_be_repeated(app: Flask, ann: SiteClient, bad: UserData) -> None:
    ann.submit("/user/bad/report", {"reason": "spam", "text": "Look"})
    with app.app_context():
        item = db.session.scalars(db.select(ReportedItem)).one()
        item.resolve(db.session.scalars(db.select(User)).first() or User(), "dismissed", "Fine")
        db.session.commit()

    page = ann.submit("/user/bad/report", {"reason": "other"})

    assert "Moderators have reviewed your report." in page.text
    assert reports(app) == [("user", "spam", "Look")]


def test_too_many_open_reports_are_refused(
    app: Flask, make: Factory, ann: SiteClient, bad: UserData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Report, "MAX_OPEN", 1)
    make.user("worse")
    ann.submit("/user/bad/report", {"reason": "spam"})

    page = ann.submit("/user/worse/report", {"reason": "spam"})

    assert "too many open reports" in page.text
    assert count_rows(app, Report) == count_rows(app, ReportedItem) == 1


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"reason": None}, "Select an option."),
        ({"reason": "nonsense"}, "Select an option."),
        ({"reason": "spam", "text": "x" * 1001}, "Use at most 1000 characters."),
    ],
)
def test_invalid_report_is_refused(
    app: Flask, ann: SiteClient, bad: UserData, fields: dict[str, str | None], error: str
) -> None:
    page = ann.submit("/user/bad/report", fields)

    assert error in page.text
    assert count_rows(app, Report) == 0


def test_own_account_is_not_reported(app: Flask, ann: SiteClient) -> None:
    assert "/user/ann/report" not in ann.open("/user/ann").links
    assert ann.open("/user/ann/report").status == 400
    assert ann.post("/user/ann/report", reason="spam").status == 400
    assert count_rows(app, ReportedItem) == 0


def test_own_content_is_not_reported(app: Flask, make: Factory, client: SiteClient) -> None:
    bob = make.user("bob")
    post = make.post(bob)
    comment = make.comment(bob, post)
    client.log_in(bob)

    links = client.open(f"/post/{post}").links
    for path in (f"/post/{post}/report", f"/comment/{comment}/report"):
        assert path not in links
        assert client.open(path).status == 400
        assert client.post(path, reason="spam").status == 400
    assert count_rows(app, ReportedItem) == 0


@pytest.mark.parametrize(
    "columns",
    [
        {"suspended_at": utcnow(), "suspension_reason": "Spam"},
        {"deleted_at": utcnow()},
        {"confirmed": False},
    ],
    ids=["suspended", "deleted", "unconfirmed"],
)
def test_hidden_user_is_like_a_missing_one(
    app: Flask, make: Factory, ann: SiteClient, columns: dict[str, Any]
) -> None:
    make.user("hidden", **columns)
    missing = ann.open("/user/missing/report")
    assert missing.status == 404

    for page in (ann.open("/user/hidden/report"), ann.post("/user/hidden/report", reason="spam")):
        assert (page.status, page.text) == (404, missing.text)
    assert count_rows(app, ReportedItem) == 0


def test_hidden_content_is_like_missing_content(
    app: Flask, make: Factory, ann: SiteClient, bad: UserData
) -> None:
    bob = make.user("bob")
    deleted, of_bad = make.post(bob), make.post(bad)
    comments = [make.comment(bob, deleted), make.comment(bob, of_bad)]
    comments.append(make.comment(bad, make.post(bob)))
    with app.app_context():
        db.session.get_one(Post, deleted).deleted_at = utcnow()
        db.session.get_one(User, bad.id).suspend("Spam")
        db.session.commit()
        assert db.session.query(Comment).count() == 3

    paths = [f"/post/{post}/report" for post in (deleted, of_bad, 4711)]
    paths += [f"/comment/{comment}/report" for comment in (*comments, 4711)]
    for path in paths:
        assert ann.open(path).status == 404, path
        assert ann.post(path, reason="spam").status == 404, path
    assert count_rows(app, ReportedItem) == 0


@pytest.mark.both_databases
@pytest.mark.slow
def test_concurrent_reports_count_once_for_each_user(
    app: Flask, make: Factory, bad: UserData
) -> None:
    clients = [SiteClient(app).log_in(make.user(f"user{number}")) for number in range(3)]
    submit = [
        prepared_submission(client, "/user/bad/report", {"reason": "spam"})
        for client in (*clients, *clients)
    ]

    pages = run_concurrently(*submit)

    assert {page.status for page in pages} <= {200, 409}
    assert count_rows(app, Report) == 3
    with app.app_context():
        assert db.session.scalars(db.select(ReportedItem.report_count)).all() == [3]


def test_reporting_counts_as_a_change(
    app: Flask, ann: SiteClient, bad: UserData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_CHANGE", "1 per hour")
    ann.submit("/user/bad/report", {"reason": "spam"})

    assert ann.submit("/user/bad/report", {"reason": "other"}).status == 429


def test_number_of_statements_does_not_depend_on_the_number_of_reports(
    app: Flask, make: Factory, ann: SiteClient, bad: UserData
) -> None:
    ann.submit("/user/bad/report", {"reason": "spam"})
    for number in range(5):
        other = SiteClient(app).log_in(make.user(f"user{number}"))
        other.submit("/user/bad/report", {"reason": "spam"})

    with record_statements(app) as executed:
        assert ann.client.get("/user/bad/report").status_code == 200

    assert len(executed) == 3  # the current user, the reported one, an earlier report
