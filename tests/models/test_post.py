"""Posts: rendering, and the columns for lists."""

import pytest

from app.extensions import db
from app.models import Post
from tests.models.users import create_user

pytestmark = pytest.mark.usefixtures("context")


def test_html_is_rendered_when_the_body_is_set() -> None:
    post = Post(body="# Hello *you*")
    assert post.body_html == "<h3>Hello <em>you</em></h3>\n"

    post.body = "<script>alert(1)</script>"

    assert "<script" not in post.body_html


def test_rows_contain_the_post_and_its_author() -> None:
    ann = create_user("ann", name="Ann Other")
    post = Post(body="Hello", author=ann)
    db.session.add(post)
    db.session.commit()

    row = db.session.execute(Post.rows()).one()

    assert row.body_html == "<p>Hello</p>\n"
    assert (row.id, row.author_id, row.comment_count) == (post.id, ann.id, 0)
    assert (row.username, row.name, row.avatar_hash) == ("ann", "Ann Other", ann.avatar_hash)
    assert row.timestamp == post.timestamp


def test_editing_records_the_time_and_keeps_the_timestamp() -> None:
    post = Post(body="Hello", author=create_user())
    db.session.add(post)
    db.session.commit()
    timestamp = post.timestamp

    post.edit("Hello *again*")
    db.session.commit()

    assert post.timestamp == timestamp
    assert post.edited_at is not None
    assert "<em>again</em>" in post.body_html


def test_saving_the_same_text_is_no_edit() -> None:
    post = Post(body="Hello")

    post.edit("Hello")

    assert post.edited_at is None
