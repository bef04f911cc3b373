"""Reports: one for each user and item, reopened by others, and forgotten with a user."""

from datetime import timedelta

import pytest

from app.extensions import db
from app.models import (
    AlreadyReviewed,
    Report,
    ReportedItem,
    Target,
    TooManyReports,
    User,
    rows_changed,
    utcnow,
)
from tests.models.users import create_user

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]


@pytest.fixture
def users() -> list[User]:
    return [create_user(name, confirmed=True) for name in ("bad", "ann", "bob", "mo")]


def target(user: User) -> Target:
    return Target("user", user.id, user.id)


def only_item() -> ReportedItem:
    db.session.flush()
    db.session.expire_all()
    item: ReportedItem = db.session.scalars(db.select(ReportedItem)).one()
    return item


def test_second_report_changes_the_first(users: list[User]) -> None:
    bad, ann, *_ = users
    assert Report.file(ann, target(bad), "spam", "Look")

    assert not Report.file(ann, target(bad), "other", "No, this")

    item = only_item()
    report = db.session.scalars(db.select(Report)).one()
    assert (item.report_count, item.reason) == (1, "other")
    assert (report.reason, report.text) == ("other", "No, this")


def test_reports_of_several_users_are_one_item(users: list[User]) -> None:
    bad, ann, bob, _mo = users
    Report.file(ann, target(bad), "spam", "")
    Report.file(bob, target(bad), "other", "")

    assert only_item().report_count == 2
    assert len(db.session.execute(Report.rows(only_item())).all()) == 2


def test_item_is_resolved_once(users: list[User]) -> None:
    bad, ann, bob, mo = users
    Report.file(ann, target(bad), "spam", "")
    item = only_item()

    assert item.resolve(mo, "acted", "First") is not None
    assert item.resolve(bob, "dismissed", "Second") is None

    item = only_item()
    assert (item.outcome, item.note, item.resolved_by_id) == ("acted", "First", mo.id)
    assert db.session.execute(ReportedItem.open_rows(mo)).all() == []


def test_reviewed_report_is_final_but_others_open_the_item_again(users: list[User]) -> None:
    bad, ann, bob, mo = users
    Report.file(ann, target(bad), "spam", "")
    resolved_at = only_item().resolve(mo, "dismissed", "Fine")
    assert resolved_at is not None
    with pytest.raises(AlreadyReviewed):
        Report.file(ann, target(bad), "spam", "")

    db.session.expire_all()
    Report.file(bob, target(bad), "other", "")
    assert Report.close(only_item().id, resolved_at, 10) == (1, [ann])  # not the new one

    item = only_item()
    assert (item.resolved_at, item.note, item.report_count) == (None, None, 2)
    with pytest.raises(AlreadyReviewed):
        Report.file(ann, target(bad), "spam", "")
    assert not Report.file(bob, target(bad), "spam", "")


def test_number_of_open_reports_is_limited(
    users: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Report, "MAX_OPEN", 2)
    bad, ann, bob, mo = users
    Report.file(ann, target(bad), "spam", "")
    Report.file(ann, target(bob), "spam", "")
    with pytest.raises(TooManyReports):
        Report.file(ann, target(mo), "spam", "")
    assert not Report.file(ann, target(bob), "other", "")

    item = db.session.scalars(db.select(ReportedItem).where(ReportedItem.user_id == bob.id)).one()
    Report.close(item.id, utcnow() + timedelta(seconds=1), 10)

    assert Report.file(ann, target(mo), "spam", "")


def test_suspended_and_unconfirmed_reporters_are_not_notified(users: list[User]) -> None:
    bad, ann, bob, mo = users
    for user in (ann, bob, mo):
        Report.file(user, target(bad), "spam", "")
    ann.suspend("Spam")
    bob.confirmed = False
    db.session.flush()

    assert Report.close(only_item().id, utcnow() + timedelta(seconds=1), 10) == (3, [mo])


def test_moderators_do_not_see_reports_about_themselves(users: list[User]) -> None:
    _bad, ann, bob, mo = users
    Report.file(ann, target(mo), "spam", "")

    assert db.session.execute(ReportedItem.open_rows(mo)).all() == []
    assert ReportedItem.find(only_item().id, mo) is None
    assert len(db.session.execute(ReportedItem.open_rows(bob)).all()) == 1
    assert ReportedItem.find(only_item().id, bob) is not None


def test_deleted_user_is_forgotten_in_batches(users: list[User]) -> None:
    bad, ann, bob, mo = users
    for reporter in (ann, bob):
        Report.file(reporter, target(bad), "spam", "My words")
    Report.file(bad, target(ann), "spam", "Words of bad")
    Report.file(bob, target(mo), "spam", "")
    of_mo = db.select(ReportedItem).where(ReportedItem.user_id == mo.id)
    db.session.scalars(of_mo).one().resolve(bad, "dismissed", "Fine")

    changes = []
    while changed := Report.forget_user(bad.id, 1):
        changes.append(changed)
        assert changed <= 3  # one of each kind

    db.session.expire_all()
    assert sum(changes) == 5
    reports = db.session.scalars(db.select(Report).order_by(Report.id)).all()
    assert [(one.reporter_id, one.text) for one in reports] == [(None, ""), (bob.id, "")]
    assert db.session.scalars(of_mo).one().resolved_by_id is None
    assert rows_changed(db.session.execute(db.delete(User).where(User.id == bad.id))) == 1
