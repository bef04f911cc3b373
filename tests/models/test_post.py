"""Posts: rendered when they are written, listed with their authors."""

import pytest

from app.extensions import db
from app.models import Post
from tests.models.people import saved

pytestmark = pytest.mark.usefixtures("context")


def test_html_is_made_when_the_body_is_set() -> None:
    post = Post(body="# Hello *you*")
    assert post.body_html == "<h3>Hello <em>you</em></h3>\n"

    post.body = "Good-bye"

    assert post.body_html == "<p>Good-bye</p>\n"


def test_html_is_safe() -> None:
    post = Post(body='<script>alert(1)</script> <img src=x onerror="alert(1)">')

    assert "<script" not in post.body_html
    assert "<img" not in post.body_html


def test_rows_hold_what_a_page_shows() -> None:
    ann = saved("ann", name="Ann Other")
    post = Post(body="Hello", author=ann)
    db.session.add(post)
    db.session.commit()

    row = db.session.execute(Post.rows()).one()

    assert row.body_html == "<p>Hello</p>\n"
    assert (row.id, row.author_id, row.comment_count) == (post.id, ann.id, 0)
    assert (row.username, row.name, row.avatar_hash) == ("ann", "Ann Other", ann.avatar_hash)
    assert row.timestamp == post.timestamp


def test_editing_does_not_move_a_post() -> None:
    post = Post(body="Hello", author=saved())
    db.session.add(post)
    db.session.commit()
    written = post.timestamp

    post.body = "Hello again"
    db.session.commit()

    assert post.timestamp == written
