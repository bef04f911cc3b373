"""Comments: rendered with fewer tags than posts, hidden and shown again by moderators."""

import pytest

from app.extensions import db
from app.models import Comment, Post, Role, utcnow
from tests.models.people import saved

pytestmark = pytest.mark.usefixtures("context")


def written(body: str = "Well said.") -> Comment:
    ann = saved("ann")
    comment = Comment(body=body, author=ann, post=Post(body="Hello", author=ann))
    db.session.add(comment)
    db.session.commit()
    return comment


def test_html_is_made_when_the_body_is_set() -> None:
    comment = Comment(body="# A *title*")
    assert comment.body_html == "A <em>title</em>\n"

    comment.body = "`x`"

    assert comment.body_html == "<p><code>x</code></p>\n"


def test_new_comment_is_shown() -> None:
    comment = written()

    assert not comment.disabled
    assert (comment.disabled_by, comment.disabled_at) == (None, None)


def test_suspension_remembers_who_and_when() -> None:
    comment, mod = written(), saved("mod", role=Role.named("Moderator"))
    before = utcnow()

    comment.suspend(by=mod)
    db.session.commit()

    row = db.session.execute(Comment.rows()).one()
    assert (row.disabled, row.disabled_by_username, row.username) == (True, "mod", "ann")
    assert before <= row.disabled_at <= utcnow()


def test_restoring_forgets_the_suspension() -> None:
    comment, mod = written(), saved("mod")
    comment.suspend(by=mod)
    db.session.commit()

    comment.restore()
    db.session.commit()

    row = db.session.execute(Comment.rows()).one()
    assert (row.disabled, row.disabled_by_username, row.disabled_at) == (False, None, None)


def test_suspended_comment_still_counts() -> None:
    comment = written()

    comment.suspend(by=comment.author)
    db.session.commit()

    assert comment.post.comment_count == 1
