"""Posts: the feeds, creating, previewing, editing and deleting."""

import pytest
from flask import Flask

from app.models import Comment, Post
from tests.support.factories import Factory
from tests.support.http_client import SiteClient
from tests.support.rows import count_rows, user_column


def bodies(app: Flask) -> list[str]:
    with app.app_context():
        return [post.body for post in Post.query.order_by(Post.id)]  # type: ignore[attr-defined]  # added by Flask-SQLAlchemy


def test_post_is_published(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user()

    page = client.log_in(ann).submit("/", {"body": "Hello **world**"})

    assert page.path == "/"
    assert "Your post has been published." in page.text
    assert "<strong>world</strong>" in SiteClient(app).open("/").html
    assert user_column(app, ann, "post_count") == 1


def test_error_names_the_field_without_its_question(make: Factory, client: SiteClient) -> None:
    page = client.log_in(make.user()).submit("/", {"body": ""})

    assert "Your post – This field is required." in page.text
    assert "What’s on your mind?" in page.text


@pytest.mark.parametrize("body", ["", "   \n\t ", "x" * 20_001, "[]()" * 5_000])
def test_invalid_post_is_refused_and_kept_in_the_form(
    app: Flask, make: Factory, client: SiteClient, body: str
) -> None:
    page = client.log_in(make.user()).submit("/", {"body": body})

    assert page.status == 200
    assert count_rows(app, Post) == 0
    assert page.form_with({"body"}).fields["body"].strip() == body.strip()


def test_post_of_the_maximum_length_is_accepted(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    client.log_in(make.user()).submit("/", {"body": "字" * 20_000})

    assert bodies(app) == ["字" * 20_000]


def test_preview_without_javascript_publishes_nothing(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    fields = {"body": "Hello **world**", "preview": "Preview"}

    page = client.log_in(make.user()).submit("/", fields)

    assert "<strong>world</strong>" in page.html
    assert page.form_with({"body"}).fields["body"] == "Hello **world**"
    assert count_rows(app, Post) == 0


def test_previewed_post_can_be_published(app: Flask, make: Factory, client: SiteClient) -> None:
    page = client.log_in(make.user()).submit("/", {"body": "Hello", "preview": "Preview"})

    client.send(page, {"body": "Hello", "submit": "Publish"})

    assert bodies(app) == ["Hello"]


@pytest.mark.parametrize(
    ("kind", "expected"), [("post", "Title</h"), ("comment", "Title"), ("", "Title</h")]
)
def test_live_preview_returns_a_fragment(
    make: Factory, client: SiteClient, kind: str, expected: str
) -> None:
    page = client.log_in(make.user()).post("/preview", body="# Title", kind=kind)

    assert page.status == 200
    assert expected in page.html
    assert ("<h" in page.html) == (kind != "comment")
    assert "<html" not in page.html


@pytest.mark.parametrize(("kind", "max_length"), [("post", 20_000), ("comment", 5_000)])
def test_live_preview_is_truncated_at_the_maximum_length(
    make: Factory, client: SiteClient, kind: str, max_length: int
) -> None:
    body = "a" * max_length + "too much"

    page = client.log_in(make.user()).post("/preview", body=body, kind=kind)

    assert page.text == "a" * max_length


@pytest.mark.parametrize(("kind", "length"), [("post", 20_000), ("comment", 5_000)])
def test_live_preview_with_too_much_formatting_is_refused(
    make: Factory, client: SiteClient, kind: str, length: int
) -> None:
    client.log_in(make.user())
    text = "[]()" * (length // 4)

    page = client.post("/preview", body=text, kind=kind)
    client.headers["Accept"] = "application/json"
    problem = client.post("/preview", body=text, kind=kind).response

    assert page.status == problem.status_code == 400
    assert "too much formatting" in page.text
    assert "too much formatting" in problem.get_json()["detail"]


def test_live_preview_of_nothing_is_empty(make: Factory, client: SiteClient) -> None:
    client.log_in(make.user())

    assert client.post("/preview", body=" \n ").status == 204
    assert client.post("/preview").status == 204


def test_html_in_a_post_is_escaped(make: Factory, client: SiteClient) -> None:
    make.post(make.user(), "<script>alert(1)</script> [x](javascript:alert(1))")

    html = client.open("/").html

    assert "<script>alert" not in html
    assert 'href="javascript' not in html


def test_followed_feed_holds_the_posts_of_followed_users(
    make: Factory, client: SiteClient
) -> None:
    ann, bob, eve = make.user("ann"), make.user("bob"), make.user("eve")
    for user in (ann, bob, eve):
        make.post(user, f"Words of {user.username}")
    make.follow(ann, bob)

    page = client.log_in(ann).open("/followed")

    assert "Words of ann" in page.text
    assert "Words of bob" in page.text
    assert "Words of eve" not in page.text
    assert "Words of eve" in client.open("/").text


def test_home_page_links_to_both_feeds(make: Factory, client: SiteClient) -> None:
    assert {"/", "/followed"} <= set(client.log_in(make.user()).open("/").links)


def test_post_has_its_own_page(make: Factory, client: SiteClient) -> None:
    post_id = make.post(make.user(), "Some *words*.")

    page = client.open(f"/post/{post_id}")

    assert "<em>words</em>" in page.html
    assert "/user/ann" in page.links


@pytest.mark.parametrize(
    ("username", "role"), [("ann", None), ("boss", "Administrator")], ids=["author", "admin"]
)
def test_author_and_administrator_edit_a_post(
    app: Flask, make: Factory, client: SiteClient, username: str, role: str | None
) -> None:
    ann = make.user("ann")
    post_id = make.post(ann, "Before")
    client.log_in(ann if username == "ann" else make.user(username, role=role))

    page = client.submit(f"/edit/{post_id}", {"body": "*After*"})

    assert page.path == f"/post/{post_id}"
    assert "<em>After</em>" in page.html
    assert "Edited 1 minute ago" in page.text
    assert bodies(app) == ["*After*"]


def test_edit_form_holds_the_source_text(make: Factory, client: SiteClient) -> None:
    ann = make.user()
    post_id = make.post(ann, "\nA *star* & <more>\n\nend")

    page = client.log_in(ann).open(f"/edit/{post_id}")

    assert page.form_with({"body"}).fields["body"].strip() == "A *star* & <more>\n\nend"


@pytest.mark.parametrize(
    "fields",
    [{"body": ""}, {"body": "[]()" * 5_000}, {"body": "After", "preview": "Preview"}],
    ids=["empty", "formatting", "preview"],
)
def test_invalid_text_and_preview_do_not_change_a_post(
    app: Flask, make: Factory, client: SiteClient, fields: dict[str, str]
) -> None:
    ann = make.user()
    post_id = make.post(ann, "Before")

    page = client.log_in(ann).submit(f"/edit/{post_id}", fields)

    assert page.path == f"/edit/{post_id}"
    assert page.form_with({"body"}).fields["body"] == fields["body"]
    assert bodies(app) == ["Before"]


@pytest.mark.parametrize("role", [None, "Moderator"])
def test_other_users_cannot_edit_a_post(
    app: Flask, make: Factory, client: SiteClient, role: str | None
) -> None:
    post_id = make.post(make.user("ann"), "Before")
    client.log_in(make.user("eve", role=role))

    assert client.open(f"/edit/{post_id}").status == 403
    assert client.post(f"/edit/{post_id}", body="After").status == 403
    assert bodies(app) == ["Before"]


@pytest.mark.parametrize("role", [None, "Moderator", "Administrator"])
def test_post_is_deleted_after_confirmation(
    app: Flask, make: Factory, client: SiteClient, role: str | None
) -> None:
    ann, bob = make.user("ann"), make.user("bob", role=role)
    post_id = make.post(ann)
    make.comment(bob, post_id)
    client.log_in(bob if role else ann)

    page = client.open(f"/post/{post_id}/deletion")
    assert count_rows(app, Post) == 1
    page = client.send(page, {}, page.path)

    assert "The post has been deleted" in page.text
    assert (
        count_rows(app, Post)
        == count_rows(app, Comment)
        == user_column(app, ann, "post_count")
        == 0
    )
    assert client.open(f"/post/{post_id}").status == 404


def test_other_users_cannot_delete_a_post(app: Flask, make: Factory, client: SiteClient) -> None:
    post_id = make.post(make.user("ann"))
    client.log_in(make.user("eve"))

    assert client.open(f"/post/{post_id}/deletion").status == 403
    assert client.post(f"/post/{post_id}/deletion").status == 403
    assert count_rows(app, Post) == 1


def test_only_moderators_see_the_delete_link(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    link = f"/post/{make.post(make.user('ann'))}/deletion"
    client.log_in(make.user("mo", role="Moderator"))

    assert link in client.open("/").links
    assert link not in SiteClient(app).log_in(make.user("eve")).open("/").links
    assert link not in SiteClient(app).open("/").links


def test_role_without_permission_has_no_composer(
    app: Flask, make: Factory, client: SiteClient, read_only_users: None
) -> None:
    post_id = make.post(make.user("ann"))
    client.log_in(make.user("quiet"))

    for path in ("/", f"/post/{post_id}"):
        assert all("body" not in form.names for form in client.open(path).forms)
        assert client.post(path, body="Let me in").status == 403
    assert count_rows(app, Post) == 1
    assert count_rows(app, Comment) == 0


def test_older_pages_have_no_hero(make: Factory, client: SiteClient) -> None:
    ann = make.user()
    for _ in range(21):
        make.post(ann)
    home = client.open("/")
    older = client.open(next(link for link in home.links if "before=" in link))

    assert "good company" in home.text
    assert "good company" not in older.text
    assert "Older posts" in older.text
