"""Comments: rendering and moderation."""

import pytest

from app.extensions import db
from app.models import Comment, Post, Role, utcnow
from tests.models.users import create_user

pytestmark = pytest.mark.usefixtures("context")


def create_comment(body: str = "Well said.") -> Comment:
    ann = create_user("ann")
    comment = Comment(body=body, author=ann, post=Post(body="Hello", author=ann))
    db.session.add(comment)
    db.session.commit()
    return comment


def test_html_is_rendered_when_the_body_is_set() -> None:
    comment = Comment(body="# A *title*")
    assert comment.body_html == "<p><strong>A <em>title</em></strong></p>\n"

    comment.body = "`x`"

    assert comment.body_html == "<p><code>x</code></p>\n"


def test_new_comment_is_not_suspended() -> None:
    comment = create_comment()

    assert not comment.disabled
    assert (comment.disabled_by, comment.disabled_at) == (None, None)


def test_suspension_records_moderator_and_time_and_keeps_the_count() -> None:
    comment, mod = create_comment(), create_user("mod", role=Role.find_by_name("Moderator"))
    before = utcnow()

    comment.suspend(by=mod)
    db.session.commit()

    row = db.session.execute(Comment.rows()).one()
    assert (row.disabled, row.disabled_by_username, row.username) == (True, "mod", "ann")
    assert before <= row.disabled_at <= utcnow()
    assert comment.post.comment_count == 1


def test_restoring_clears_the_suspension() -> None:
    comment, mod = create_comment(), create_user("mod")
    comment.suspend(by=mod)
    db.session.commit()

    comment.restore()
    db.session.commit()

    row = db.session.execute(Comment.rows()).one()
    assert (row.disabled, row.disabled_by_username, row.disabled_at) == (False, None, None)
