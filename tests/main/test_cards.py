"""Kept posts and comments: no user sees what another may see, or what is no longer true."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, url_for

from app import markdown
from app.extensions import db
from app.main.cards import excerpt, is_long, with_root
from app.models import Comment, Post, User, utcnow
from tests.support.factories import Factory
from tests.support.http_client import SiteClient


def change(app: Flask, model: type[Any], row_id: int, **columns: object) -> None:
    with app.app_context():
        row = db.session.get_one(model, row_id)
        for name, value in columns.items():
            setattr(row, name, value)
        db.session.commit()


def test_actions_are_those_of_the_current_user(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    post = f"/post/{make.post(ann)}"
    edit, delete = post.replace("post", "edit"), f"{post}/deletion"
    readers = [
        (None, set()),
        (ann, {edit, delete}),
        (make.user("bob"), set()),
        (make.user("mo", role="Moderator"), {delete}),
        (make.user("boss", role="Administrator"), {edit, delete}),
        (None, set()),
    ]

    for reader, expected in readers:
        client = SiteClient(app)
        if reader:
            client.log_in(reader)
        for path in ("/", post, "/user/ann"):
            assert {edit, delete} & set(client.open(path).links) == expected, (reader, path)


def test_lost_permission_takes_effect_at_once(app: Flask, make: Factory) -> None:
    delete = f"/post/{make.post(make.user('ann'))}/deletion"
    mo = make.user("mo", role="Moderator")
    client = SiteClient(app)
    client.log_in(mo)
    assert delete in client.open("/").links

    change(app, User, mo.id, role_id=None)

    assert delete not in client.open("/").links


def test_changed_values_are_shown_at_once(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann", name="Ann One")
    post_id = make.post(ann, "First text")
    assert "Ann One" in client.open("/").text

    change(app, User, ann.id, name="Ann Two")
    assert "Ann Two" in client.open("/").text
    change(app, Post, post_id, body="Second text")
    assert "Second text" in client.open("/").text
    make.comment(ann, post_id)
    assert "1 comment" in client.open("/").text
    change(app, Post, post_id, timestamp=utcnow() - timedelta(hours=3))
    assert "3 hours ago" in client.open("/").text


def test_suspended_comment_is_hidden_at_once(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    post_id = make.post(ann)
    comment_id = make.comment(ann, post_id, "Rude words")
    moderator, reader = SiteClient(app), SiteClient(app)
    moderator.log_in(make.user("mo", role="Moderator"))
    path = f"/post/{post_id}"
    assert all("Rude words" in client.open(path).text for client in (reader, moderator))

    change(app, Comment, comment_id, disabled=True)

    assert "Rude words" in moderator.open(path).text
    assert "Rude words" not in reader.open(path).text
    assert "disabled by a moderator" in reader.open(path).text


def test_forms_of_moderators_have_their_own_token(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    post_id = make.post(ann)
    comment_id = make.comment(ann, post_id)
    tokens = set()
    for name in ("mo", "moe"):
        client = SiteClient(app)
        client.log_in(make.user(name, role="Moderator"))
        page = client.open(f"/post/{post_id}")
        action = f"/comment/{comment_id}/suspension"
        [form] = [form for form in page.forms if form.action == action]
        tokens.add(form.fields["csrf_token"])

    assert len(tokens) == 2


def test_cards_are_rendered_once(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    for _ in range(3):
        make.comment(ann, make.post(ann, timestamp=utcnow() - timedelta(days=9, hours=1)))
    client.open("/")
    before = app.extensions["kept"].cache_info().misses

    client.open("/")
    client.open("/user/ann")

    # The navigation of /user/ann, and two parts of the header.
    assert app.extensions["kept"].cache_info().misses - before <= 3


CELLS = "| a | b | c | d |\n|--|--|--|--|\n" + "| 1 | 2 | 3 | 4 |\n" * 20
LENGTHS = {
    "words": ("some words " * 100, "some words " * 140),
    "paragraphs": ("a\n\n" * 24, "a\n\n" * 25),
    "code": ("```\n" + "x\n" * 24 + "```", "```\n" + "x\n" * 25 + "```"),
    "Chinese": ("字" * 700, "字" * 760),
    "table": (CELLS, CELLS + "| 1 |\n" * 10),
    "URL": (f"[a](https://x.example/{'b' * 9_000})", f"[a](https://x.example/{'b' * 10_000})"),
}


@pytest.mark.parametrize(("short", "long"), LENGTHS.values(), ids=LENGTHS)
def test_length_of_a_post_is_that_of_its_lines(short: str, long: str) -> None:
    assert [is_long(markdown.render_post(text)) for text in (short, long)] == [False, True]


def test_long_post_is_clamped_in_lists_only(make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    long, short = make.post(ann, "Some words. " * 500), make.post(ann)
    make.follow(ann, ann)
    client.log_in(ann)

    for path in ("/", "/followed", "/user/ann"):
        page = client.open(path)
        assert page.html.count("prose-clamped") == 1
        assert page.text.count("Read more") == 1
    for post_id in (long, short):
        page = client.open(f"/post/{post_id}")
        assert "prose-clamped" not in page.html
        assert "Read more" not in page.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*One* & <b>\n\n- two\n", "One & <b> two"),
        ("字" * 60, "字" * 60),
        ("字" * 61, "字" * 59 + "…"),
        (f"[a](https://x.example/{'b' * 6_000})", ""),
        ("---", ""),
    ],
    ids=["formatting", "longest", "too long", "URL", "no text"],
)
def test_excerpt_is_the_beginning_of_the_text(text: str, expected: str) -> None:
    assert excerpt(markdown.render_post(text)) == expected


def test_mentions_lead_to_profiles_below_the_path_of_the_site(app: Flask) -> None:
    html = markdown.render_post('Ask @ann, not `<a href="/user/bob">`')

    with app.test_request_context():
        assert with_root(html) == html
        assert url_for("main.user", username="ann") == "/user/ann"
    with app.test_request_context(base_url="http://localhost/blog"):
        assert with_root(html) == html.replace('"/user/ann"', '"/blog/user/ann"')
