"""Sending again, and editing at the same time: nothing is doubled, nothing is lost."""

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask

from app.extensions import db
from app.models import Comment, IdempotencyKey, Post
from tests.api.program import Program
from tests.factories import Factory
from tests.rows import number_of
from tests.test_races import at_once

ROUNDS = range(4)


def test_same_key_creates_once_and_gets_the_same_answer(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    program = Program(app, ann)
    post = make.post(ann)

    for path in ("/posts/", f"/posts/{post}/comments/"):
        headers = {"Idempotency-Key": path}
        first, again = (program.post(path, {"body": "Once"}, headers=headers) for _ in range(2))
        assert first.status_code == again.status_code == 201
        assert first.get_json() == again.get_json()
        for header in ("ETag", "Location"):
            assert first.headers[header] == again.headers[header]

    assert (number_of(app, Post), number_of(app, Comment)) == (2, 1)


def test_key_is_one_persons_and_one_requests(app: Flask, make: Factory) -> None:
    headers = {"Idempotency-Key": "k"}
    ann, bob = Program(app, make.user("ann")), Program(app, make.user("bob"))
    ann.post("/posts/", {"body": "One"}, headers=headers)

    assert ann.post("/posts/", {"body": "Two"}, headers=headers).status_code == 422
    assert bob.post("/posts/", {"body": "One"}, headers=headers).status_code == 201
    assert number_of(app, Post) == 2


def test_request_that_failed_may_be_sent_again(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    program, headers = Program(app, ann), {"Idempotency-Key": "k"}

    assert program.post("/posts/1/comments/", {"body": "x"}, headers=headers).status_code == 404
    assert number_of(app, IdempotencyKey) == 0


def test_key_is_forgotten_after_a_day(app: Flask, make: Factory) -> None:
    program, headers = Program(app, make.user("ann")), {"Idempotency-Key": "k"}
    program.post("/posts/", {"body": "x"}, headers=headers)
    with app.app_context():
        row = db.session.scalars(db.select(IdempotencyKey)).one()
        row.timestamp -= timedelta(hours=24)
        db.session.commit()

    program.post("/posts/", {"body": "x"}, headers=headers)

    assert number_of(app, Post) == 2
    assert number_of(app, IdempotencyKey) == 1


def test_old_keys_are_forgotten_whoever_sent_them(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    Program(app, ann).post("/posts/", {"body": "x"}, headers={"Idempotency-Key": "k"})
    with app.app_context():
        row = db.session.scalars(db.select(IdempotencyKey)).one()
        row.timestamp -= timedelta(hours=24)
        db.session.commit()

    Program(app, bob).post("/posts/", {"body": "y"}, headers={"Idempotency-Key": "k"})

    with app.app_context():
        assert db.session.scalars(db.select(IdempotencyKey.user_id)).all() == [bob.id]


def test_repeated_request_shows_what_is_there_now(app: Flask, make: Factory) -> None:
    ann, moderator = make.user("ann"), make.user("mod", "Moderator")
    program, headers = Program(app, ann), {"Idempotency-Key": "k"}
    path = f"/posts/{make.post(ann)}/comments/"
    comment = program.post(path, {"body": "rude"}, headers=headers).get_json()["id"]

    Program(app, moderator).put(f"/comments/{comment}/suspension")
    again = program.post(path, {"body": "rude"}, headers=headers)
    assert (again.status_code, again.get_json()["body"]) == (201, None)

    program.delete(f"/comments/{comment}")
    gone = program.post(path, {"body": "rude"}, headers=headers)
    assert (gone.status_code, gone.get_json()["reason"]) == (422, "deleted")


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "é"])
def test_key_that_cannot_be_kept_is_refused(app: Flask, make: Factory, key: str) -> None:
    program = Program(app, make.user("ann"))

    answer = program.post("/posts/", {"body": "x"}, headers={"Idempotency-Key": key})

    assert answer.status_code == 400


def test_same_key_twice_at_once_creates_once(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    programs = [Program(app, ann) for _ in range(2)]

    for number in ROUNDS:
        headers = {"Idempotency-Key": f"key-{number}"}
        answers = at_once(
            *(partial(one.post, "/posts/", {"body": "x"}, headers=headers) for one in programs)
        )
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].get_json() == answers[1].get_json()
        assert number_of(app, Post) == number + 1


def test_read_is_answered_with_304_until_something_changes(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    program, post = Program(app, ann), make.post(ann)
    for path in (f"/posts/{post}", "/posts/", "/me", f"/users/{ann.id}", "/tokens/"):
        tag = program.get(path).headers["ETag"]
        same = program.get(path, headers={"If-None-Match": tag})
        assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", tag)

    tag = program.get(f"/posts/{post}").headers["ETag"]
    make.comment(ann, post)

    assert program.get(f"/posts/{post}", headers={"If-None-Match": tag}).status_code == 200


def test_edit_of_another_version_is_refused(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    program, path = Program(app, ann), f"/posts/{make.post(ann, 'One')}"
    tag = program.get(path).headers["ETag"]

    edited = program.put(path, {"body": "Two"}, headers={"If-Match": tag})
    late = program.put(path, {"body": "Three"}, headers={"If-Match": tag})
    deleted = program.delete(path, headers={"If-Match": tag})

    assert (edited.status_code, late.status_code, deleted.status_code) == (200, 412, 412)
    assert program.get(path).get_json()["body"] == "Two"
    assert program.get(path).headers["ETag"] == edited.headers["ETag"]
    through_a_proxy = f"W/{edited.headers['ETag']}"
    edited = program.put(path, {"body": "Three"}, headers={"If-Match": through_a_proxy})
    assert edited.status_code == 200
    any_version = program.put(path, {"body": "Four"}, headers={"If-Match": "*"})
    assert any_version.status_code == 200


@pytest.mark.parametrize("what", ["post", "me"])
def test_others_are_not_in_the_way_of_an_edit(app: Flask, make: Factory, what: str) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    program, other, post = Program(app, ann), Program(app, bob), make.post(ann)
    path = f"/posts/{post}" if what == "post" else "/me"
    tag = program.get(path).headers["ETag"]

    if what == "post":
        other.post(f"/posts/{post}/comments/", {"body": "x"})
        edited = program.put(path, {"body": "y"}, headers={"If-Match": tag})
    else:
        other.put(f"/me/following/{ann.id}")
        edited = program.patch(path, {"name": "y"}, headers={"If-Match": tag})

    assert edited.status_code == 200


@pytest.mark.parametrize("tag", ["", "x", 'W/"x"', '"', ",,,", '"x", ""', 'W/""'])
def test_tag_that_matches_nothing_edits_nothing(app: Flask, make: Factory, tag: str) -> None:
    ann = make.user("ann")
    post = make.post(ann, "One")

    answer = Program(app, ann).put(f"/posts/{post}", {"body": "x"}, headers={"If-Match": tag})

    assert answer.status_code == 412


def test_profile_does_not_change_by_being_seen(app: Flask, make: Factory) -> None:
    program = Program(app, make.user("ann"))
    tag = program.get("/me").headers["ETag"]

    assert program.patch("/me", {"name": "A"}, headers={"If-Match": tag}).status_code == 200


@pytest.mark.parametrize("what", ["post", "me"])
def test_of_two_edits_at_once_one_is_told_to_look_again(
    app: Flask, make: Factory, what: str
) -> None:
    ann = make.user("ann")
    path = f"/posts/{make.post(ann)}" if what == "post" else "/me"
    field, method = ("body", "PUT") if what == "post" else ("name", "PATCH")
    programs = [Program(app, ann) for _ in range(2)]

    for number in ROUNDS:
        headers = {"If-Match": programs[0].get(path).headers["ETag"]}
        texts = [f"{number} {side}" for side in "ab"]
        answers = at_once(
            *(
                partial(one.send, method, path, json={field: text}, headers=headers)
                for one, text in zip(programs, texts, strict=True)
            )
        )
        statuses = [answer.status_code for answer in answers]
        assert sorted(statuses) == [200, 412]
        assert programs[0].get(path).get_json()[field] == texts[statuses.index(200)]
