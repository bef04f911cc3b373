"""Two requests at the same moment: one result, and a friendly word to the other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest
from flask import Flask

from app.extensions import db
from app.models import Comment, Follow, Post, User

from .auth.actions import NEW_PASSWORD, try_to_log_in
from .factories import PASSWORD, Factory
from .mailbox import Mailbox
from .reader import Page, Reader
from .rows import number_of, token_for, user_named, value

ROUNDS = range(4)

Answer = TypeVar("Answer")


def at_once(*actions: Callable[[], Answer]) -> list[Answer]:
    """Start all `actions` at the same moment, each in a thread; return what they return."""
    barrier = Barrier(len(actions))

    def start(action: Callable[[], Answer]) -> Answer:
        barrier.wait(timeout=30)
        return action()

    with ThreadPoolExecutor(len(actions)) as executor:
        return list(executor.map(start, actions))


def sending(
    reader: Reader, path: str, fields: dict[str, str], action: str | None = None
) -> Callable[[], Page]:
    """Open a page now; return what sends its form."""
    page = reader.open(path)
    return lambda: reader.send(page, fields, action)


def registering(app: Flask, email: str, username: str) -> Callable[[], Page]:
    fields = {"email": email, "username": username, "password": PASSWORD, "password2": PASSWORD}
    return sending(Reader(app), "/auth/register", fields)


def test_following_twice_at_once_counts_once(app: Flask, make: Factory, reader: Reader) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    other = Reader(app).log_in(ann)
    reader.log_in(ann)

    for _ in ROUNDS:
        pages = at_once(*(sending(one, "/user/bob", {}, "/follow/bob") for one in (reader, other)))
        assert [page.status for page in pages] == [200, 200]
        said = sorted("already" in page.text for page in pages)
        assert said == [False, True]
        assert number_of(app, Follow) == 3
        assert (value(app, bob, "follower_count"), value(app, ann, "following_count")) == (1, 1)
        pages = at_once(
            *(sending(one, "/user/bob", {}, "/unfollow/bob") for one in (reader, other))
        )
        assert [page.status for page in pages] == [200, 200]
        assert (value(app, bob, "follower_count"), value(app, ann, "following_count")) == (0, 0)


def test_two_who_follow_one_another_at_once_do_not_wait_for_ever(
    app: Flask, make: Factory
) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    readers = [Reader(app).log_in(person) for person in (ann, bob)]

    for _ in ROUNDS:
        for verb, count in (("follow", 1), ("unfollow", 0)):
            pages = at_once(
                sending(readers[0], "/user/bob", {}, f"/{verb}/bob"),
                sending(readers[1], "/user/ann", {}, f"/{verb}/ann"),
            )
            assert [page.status for page in pages] == [200, 200]
            for person in (ann, bob):
                assert value(app, person, "follower_count") == count
                assert value(app, person, "following_count") == count


def test_name_registered_twice_at_once_is_one_persons(app: Flask) -> None:
    for number in ROUNDS:
        pages = at_once(
            registering(app, f"a{number}@example.com", f"name{number}"),
            registering(app, f"b{number}@example.com", f"NAME{number}"),
        )

        assert sorted(page.path for page in pages) == ["/auth/register", "/auth/unconfirmed"]
        loser = next(page for page in pages if page.path == "/auth/register")
        assert loser.status == 200
        assert "This name is taken" in loser.text
        assert number_of(app, User) == number + 1


def test_address_registered_twice_at_once_has_one_account(app: Flask) -> None:
    for number in ROUNDS[:3]:
        pages = at_once(
            registering(app, f"a{number}@example.com", f"one{number}"),
            registering(app, f"a{number}@example.com", f"two{number}"),
        )

        assert [page.status for page in pages] == [200, 200]
        assert "/auth/unconfirmed" in {page.path for page in pages}
        assert number_of(app, User) == number + 1


def test_reset_link_used_twice_at_once_works_once(
    app: Flask, make: Factory, letters: Mailbox
) -> None:
    for number in ROUNDS:
        ann = make.user(f"ann{number}")
        link = f"/auth/reset/{token_for(app, ann, 'reset')}"
        passwords = [f"{NEW_PASSWORD} {one}" for one in (1, 2)]

        pages = at_once(
            *(sending(Reader(app), link, {"password": one, "password2": one}) for one in passwords)
        )

        assert sorted(page.status for page in pages) == [200, 400]
        winner = passwords[[page.status for page in pages].index(200)]
        assert try_to_log_in(Reader(app), ann.email, winner).path == "/"
        assert len(letters.to(ann.email)) == 1


def test_confirmation_link_used_twice_at_once_works_once(
    app: Flask, make: Factory, letters: Mailbox
) -> None:
    for number in ROUNDS:
        ann = make.user(f"ann{number}", confirmed=False)
        link = f"/auth/confirm/{token_for(app, ann, 'confirm')}"
        fields = {"password": ann.password}

        pages = at_once(*(sending(Reader(app), link, fields, link) for _ in range(2)))

        assert {page.status for page in pages} <= {200, 400}
        assert len(letters.to("admin@example.com")) == number + 1


def test_two_who_move_to_one_address_at_once_end_with_one_who_did(
    app: Flask, make: Factory
) -> None:
    for number in ROUNDS:
        people = [make.user(f"{name}{number}") for name in ("ann", "bob")]
        moves = []
        for person in people:
            link = f"/auth/change-email/{token_for(app, person, 'change_email')}"
            moves.append(sending(Reader(app).log_in(person), link, {}, link))

        pages = at_once(*moves)

        assert sorted(page.status for page in pages) == [200, 400]
        with app.app_context():
            mover = User.with_email("moved@example.com")
            assert mover is not None
            mover.email = f"moved{number}@example.com"
            db.session.commit()


@pytest.mark.parametrize("what", ["post", "comment"])
def test_deleting_twice_at_once_counts_once(app: Flask, make: Factory, what: str) -> None:
    ann = make.user("ann")
    kept = make.post(ann)
    readers = [Reader(app).log_in(ann) for _ in range(2)]

    for _ in ROUNDS:
        row = make.comment(ann, kept) if what == "comment" else make.post(ann)
        link = f"/{what}/{row}/deletion"

        pages = at_once(*(sending(one, link, {}, link) for one in readers))

        assert {page.status for page in pages} <= {200, 404}
        assert value(app, ann, "post_count") == number_of(app, Post) == 1
        with app.app_context():
            assert db.session.get_one(Post, kept).comment_count == number_of(app, Comment) == 0


def test_only_one_of_two_registrations_is_the_one_that_is_kept(app: Flask) -> None:
    at_once(registering(app, "a@example.com", "one"), registering(app, "a@example.com", "two"))

    kept = [user_named(app, name) for name in ("one", "two")]

    assert sum(user is not None for user in kept) == 1
