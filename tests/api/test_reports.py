"""Reports by the API. For their rules, see tests/models/test_report.py."""

import pytest
from flask import Flask

from app.extensions import db
from app.forms import REPORT_REASONS
from app.models import Report, ReportedItem
from tests.support.api_client import ApiClient
from tests.support.factories import Factory
from tests.support.rows import count_rows


def test_user_is_reported_once(app: Flask, make: Factory) -> None:
    bad, api = make.user("bad"), ApiClient(app, make.user("ann"))

    for reason in REPORT_REASONS:
        response = api.put(f"/users/{bad.id}/report", {"reason": reason, "text": "Look"})
        assert response.status_code == 204

    with app.app_context():
        report = db.session.scalars(db.select(Report)).one()
        assert (report.reason, report.text) == ("other", "Look")


def test_post_and_comment_are_reported(app: Flask, make: Factory) -> None:
    bad, api = make.user("bad"), ApiClient(app, make.user("ann"))
    post = make.post(bad)
    comment = make.comment(bad, post)

    for path in (f"/posts/{post}/report", f"/comments/{comment}/report"):
        assert api.put(path, {"reason": "spam"}).status_code == 204
    assert api.put("/posts/4711/report", {"reason": "spam"}).status_code == 404
    assert api.put("/comments/4711/report", {"reason": "spam"}).status_code == 404

    with app.app_context():
        items = db.session.scalars(db.select(ReportedItem)).all()
        assert {(item.kind, item.row_id, item.user_id) for item in items} == {
            ("post", post, bad.id),
            ("comment", comment, bad.id),
        }


def test_reviewed_report_and_too_many_are_conflicts(
    app: Flask, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Report, "MAX_OPEN", 1)
    bad, worse, ann = (make.user(name) for name in ("bad", "worse", "ann"))
    api = ApiClient(app, ann)
    api.put(f"/users/{bad.id}/report", {"reason": "spam"})

    response = api.put(f"/users/{worse.id}/report", {"reason": "spam"})
    assert (response.status_code, response.get_json()["reason"]) == (409, "too_many_open_reports")
    assert count_rows(app, ReportedItem) == 1

    with app.app_context():
        db.session.execute(db.update(Report).values(is_open=False))
        db.session.commit()
    response = api.put(f"/users/{bad.id}/report", {"reason": "spam"})
    assert (response.status_code, response.get_json()["reason"]) == (409, "already_reviewed")


@pytest.mark.parametrize(
    "body", [{}, {"reason": "x"}, {"reason": "spam", "text": "x" * 1001}, {"reason": None}]
)
def test_invalid_report_is_refused(app: Flask, make: Factory, body: dict[str, object]) -> None:
    bad, api = make.user("bad"), ApiClient(app, make.user("ann"))

    assert api.put(f"/users/{bad.id}/report", body).status_code == 400
    assert count_rows(app, ReportedItem) == 0
