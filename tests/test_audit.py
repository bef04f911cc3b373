"""The audit log of moderation by the API. For pages, see tests/auth/test_security_log.py."""

import pytest
from flask import Flask

from app.extensions import db
from app.models import SecurityEvent
from tests.support.api_client import ApiClient
from tests.support.factories import Factory


@pytest.mark.parametrize(("role", "recorded"), [("Administrator", True), (None, False)])
def test_actions_on_content_of_others_are_recorded(
    app: Flask, make: Factory, role: str | None, recorded: bool
) -> None:
    actor = make.user("actor", role=role)
    author = make.user("ann") if recorded else actor
    api, post = ApiClient(app, actor), make.post(author)
    comment = make.comment(author, post)

    api.put(f"/posts/{post}", {"body": "Better."})
    api.put(f"/comments/{comment}", {"body": "Better."})
    if recorded:  # only moderators can suspend comments
        api.put(f"/comments/{comment}/suspension", {})
        api.delete(f"/comments/{comment}/suspension")
    api.delete(f"/comments/{comment}")
    api.delete(f"/posts/{post}")

    with app.app_context():
        actions = db.select(SecurityEvent.name, SecurityEvent.actor_name, SecurityEvent.detail)
        actions = actions.where(SecurityEvent.actor_name.is_not(None))
        rows = [tuple(row) for row in db.session.execute(actions.order_by(SecurityEvent.id))]
    names = ["post_edited", "comment_edited", "comment_disabled", "comment_enabled"]
    expected = (
        [*((name, "actor") for name in [*names, "comment_deleted", "post_deleted"])]
        if recorded
        else []
    )
    assert [row[:2] for row in rows] == expected
    assert {row[2] for row in rows} <= {f"#{post}", f"#{comment}"}
