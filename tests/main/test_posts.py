"""Posts: the home page, writing, previewing, editing and deleting."""

import pytest
from flask import Flask

from app.models import Comment, Post
from tests.factories import Factory
from tests.reader import Reader
from tests.rows import number_of, value


def bodies(app: Flask) -> list[str]:
    with app.app_context():
        return [post.body for post in Post.query.order_by(Post.id)]  # type: ignore[attr-defined]  # added by Flask-SQLAlchemy


def test_published_post_is_read_by_everyone(app: Flask, make: Factory, reader: Reader) -> None:
    ann = make.user()

    page = reader.log_in(ann).submit("/", {"body": "Hello **world**"})

    assert page.path == "/"
    assert "<strong>world</strong>" in Reader(app).open("/").html
    assert value(app, ann, "post_count") == 1


@pytest.mark.parametrize("body", ["", "   \n\t ", "x" * 20_001])
def test_odd_post_is_refused_and_kept_in_the_form(
    app: Flask, make: Factory, reader: Reader, body: str
) -> None:
    page = reader.log_in(make.user()).submit("/", {"body": body})

    assert page.status == 200
    assert number_of(app, Post) == 0
    assert page.form_with({"body"}).fields["body"].strip() == body.strip()


def test_longest_post_is_taken(app: Flask, make: Factory, reader: Reader) -> None:
    reader.log_in(make.user()).submit("/", {"body": "字" * 20_000})

    assert bodies(app) == ["字" * 20_000]


def test_preview_without_javascript_publishes_nothing(
    app: Flask, make: Factory, reader: Reader
) -> None:
    fields = {"body": "Hello **world**", "preview": "Preview"}

    page = reader.log_in(make.user()).submit("/", fields)

    assert "<strong>world</strong>" in page.html
    assert page.form_with({"body"}).fields["body"] == "Hello **world**"
    assert number_of(app, Post) == 0


def test_preview_is_published_by_the_other_button(
    app: Flask, make: Factory, reader: Reader
) -> None:
    page = reader.log_in(make.user()).submit("/", {"body": "Hello", "preview": "Preview"})

    reader.send(page, {"body": "Hello", "submit": "Publish"})

    assert bodies(app) == ["Hello"]


@pytest.mark.parametrize(
    ("kind", "wanted"), [("post", "Title</h"), ("comment", "Title"), ("", "Title</h")]
)
def test_composer_asks_for_a_preview(
    make: Factory, reader: Reader, kind: str, wanted: str
) -> None:
    page = reader.log_in(make.user()).post("/preview", body="# Title", kind=kind)

    assert page.status == 200
    assert wanted in page.html
    assert ("<h" in page.html) == (kind != "comment")
    assert "<html" not in page.html


@pytest.mark.parametrize(("kind", "longest"), [("post", 20_000), ("comment", 5_000)])
def test_preview_shows_no_more_than_can_be_published(
    make: Factory, reader: Reader, kind: str, longest: int
) -> None:
    body = "a" * longest + "too much"

    page = reader.log_in(make.user()).post("/preview", body=body, kind=kind)

    assert page.text == "a" * longest


def test_preview_of_nothing_is_nothing(make: Factory, reader: Reader) -> None:
    reader.log_in(make.user())

    assert reader.post("/preview", body=" \n ").status == 204
    assert reader.post("/preview").status == 204


def test_html_in_a_post_is_shown_as_text(make: Factory, reader: Reader) -> None:
    make.post(make.user(), "<script>alert(1)</script> [x](javascript:alert(1))")

    html = reader.open("/").html

    assert "<script>alert" not in html
    assert 'href="javascript' not in html


def test_followed_shows_only_whom_one_follows(make: Factory, reader: Reader) -> None:
    ann, bob, eve = make.user("ann"), make.user("bob"), make.user("eve")
    for person in (ann, bob, eve):
        make.post(person, f"Words of {person.username}")
    make.follow(ann, bob)

    page = reader.log_in(ann).open("/followed")

    assert "Words of ann" in page.text
    assert "Words of bob" in page.text
    assert "Words of eve" not in page.text
    assert "Words of eve" in reader.open("/").text


def test_home_links_to_both_lists(make: Factory, reader: Reader) -> None:
    assert {"/", "/followed"} <= set(reader.log_in(make.user()).open("/").links)


def test_post_has_a_page_of_its_own(make: Factory, reader: Reader) -> None:
    post_id = make.post(make.user(), "Some *words*.")

    page = reader.open(f"/post/{post_id}")

    assert "<em>words</em>" in page.html
    assert "/user/ann" in page.links


@pytest.mark.parametrize(
    ("username", "role"), [("ann", None), ("boss", "Administrator")], ids=["author", "admin"]
)
def test_post_is_edited(
    app: Flask, make: Factory, reader: Reader, username: str, role: str | None
) -> None:
    ann = make.user("ann")
    post_id = make.post(ann, "Before")
    reader.log_in(ann if username == "ann" else make.user(username, role=role))

    page = reader.submit(f"/edit/{post_id}", {"body": "*After*"})

    assert page.path == f"/post/{post_id}"
    assert "<em>After</em>" in page.html
    assert bodies(app) == ["*After*"]


def test_form_for_editing_holds_the_text_as_it_was_written(make: Factory, reader: Reader) -> None:
    ann = make.user()
    post_id = make.post(ann, "\nA *star* & <more>\n\nend")

    page = reader.log_in(ann).open(f"/edit/{post_id}")

    assert page.form_with({"body"}).fields["body"].strip() == "A *star* & <more>\n\nend"


@pytest.mark.parametrize("fields", [{"body": ""}, {"body": "After", "preview": "Preview"}])
def test_post_is_not_changed_by_an_empty_text_or_a_preview(
    app: Flask, make: Factory, reader: Reader, fields: dict[str, str]
) -> None:
    ann = make.user()
    post_id = make.post(ann, "Before")

    page = reader.log_in(ann).submit(f"/edit/{post_id}", fields)

    assert page.path == f"/edit/{post_id}"
    assert page.form_with({"body"}).fields["body"] == fields["body"]
    assert bodies(app) == ["Before"]


@pytest.mark.parametrize("role", [None, "Moderator"])
def test_others_do_not_edit_a_post(
    app: Flask, make: Factory, reader: Reader, role: str | None
) -> None:
    post_id = make.post(make.user("ann"), "Before")
    reader.log_in(make.user("eve", role=role))

    assert reader.open(f"/edit/{post_id}").status == 403
    assert reader.post(f"/edit/{post_id}", body="After").status == 403
    assert bodies(app) == ["Before"]


@pytest.mark.parametrize("role", [None, "Moderator", "Administrator"])
def test_post_is_deleted_after_a_question(
    app: Flask, make: Factory, reader: Reader, role: str | None
) -> None:
    ann, bob = make.user("ann"), make.user("bob", role=role)
    post_id = make.post(ann)
    make.comment(bob, post_id)
    reader.log_in(bob if role else ann)

    page = reader.open(f"/post/{post_id}/deletion")
    assert number_of(app, Post) == 1
    page = reader.send(page, {}, page.path)

    assert "The post has been deleted" in page.text
    assert number_of(app, Post) == number_of(app, Comment) == value(app, ann, "post_count") == 0
    assert reader.open(f"/post/{post_id}").status == 404


def test_others_do_not_delete_a_post(app: Flask, make: Factory, reader: Reader) -> None:
    post_id = make.post(make.user("ann"))
    reader.log_in(make.user("eve"))

    assert reader.open(f"/post/{post_id}/deletion").status == 403
    assert reader.post(f"/post/{post_id}/deletion").status == 403
    assert number_of(app, Post) == 1


def test_moderator_sees_the_way_to_delete_and_the_reader_does_not(
    app: Flask, make: Factory, reader: Reader
) -> None:
    link = f"/post/{make.post(make.user('ann'))}/deletion"
    reader.log_in(make.user("mo", role="Moderator"))

    assert link in reader.open("/").links
    assert link not in Reader(app).log_in(make.user("eve")).open("/").links
    assert link not in Reader(app).open("/").links


def test_role_without_writing_has_no_composer(
    app: Flask, make: Factory, reader: Reader, mute: None
) -> None:
    post_id = make.post(make.user("ann"))
    reader.log_in(make.user("quiet"))

    for path in ("/", f"/post/{post_id}"):
        assert all("body" not in form.names for form in reader.open(path).forms)
        assert reader.post(path, body="Let me in").status == 403
    assert number_of(app, Post) == 1
    assert number_of(app, Comment) == 0


def test_older_pages_greet_nobody_again(make: Factory, reader: Reader) -> None:
    ann = make.user()
    for _ in range(21):
        make.post(ann)
    home = reader.open("/")
    older = reader.open(next(link for link in home.links if "before=" in link))

    assert "good company" in home.text
    assert "good company" not in older.text
    assert "Older posts" in older.text
