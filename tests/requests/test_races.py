"""Concurrent requests: one succeeds, the other gets a clear response."""

from collections.abc import Callable
from itertools import combinations_with_replacement
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.deletion import delete_user
from app.extensions import db
from app.models import (
    Comment,
    EmailChange,
    Follow,
    FormerUsername,
    Post,
    Registration,
    Role,
    User,
)
from tests.auth.actions import NEW_PASSWORD, try_to_log_in
from tests.support.concurrency import prepared_submission, run_concurrently
from tests.support.factories import PASSWORD, Factory, UserData
from tests.support.http_client import Page, SiteClient
from tests.support.mailbox import Mailbox
from tests.support.rows import count_rows, token_for, user_column

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]

ROUNDS = range(2)


def prepared_registration(app: Flask, email: str, username: str) -> Callable[[], Page]:
    fields = {"email": email, "username": username, "password": PASSWORD, "password2": PASSWORD}
    return prepared_submission(SiteClient(app), "/auth/register", fields)


def test_concurrent_follows_count_once(app: Flask, make: Factory, client: SiteClient) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    second = SiteClient(app).log_in(ann)
    client.log_in(ann)

    for _ in ROUNDS:
        pages = run_concurrently(
            *(prepared_submission(one, "/user/bob", {}, "/follow/bob") for one in (client, second))
        )
        assert [page.status for page in pages] == [200, 200]
        already = sorted("already" in page.text for page in pages)
        assert already == [False, True]
        assert count_rows(app, Follow) == 3
        assert (
            user_column(app, bob, "follower_count"),
            user_column(app, ann, "following_count"),
        ) == (1, 1)
        pages = run_concurrently(
            *(
                prepared_submission(one, "/user/bob", {}, "/unfollow/bob")
                for one in (client, second)
            )
        )
        assert [page.status for page in pages] == [200, 200]
        assert (
            user_column(app, bob, "follower_count"),
            user_column(app, ann, "following_count"),
        ) == (0, 0)


def test_mutual_follows_do_not_deadlock(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    clients = [SiteClient(app).log_in(user) for user in (ann, bob)]

    for _ in ROUNDS:
        for verb, count in (("follow", 1), ("unfollow", 0)):
            pages = run_concurrently(
                prepared_submission(clients[0], "/user/bob", {}, f"/{verb}/bob"),
                prepared_submission(clients[1], "/user/ann", {}, f"/{verb}/ann"),
            )
            assert [page.status for page in pages] == [200, 200]
            for user in (ann, bob):
                assert user_column(app, user, "follower_count") == count
                assert user_column(app, user, "following_count") == count


def test_concurrent_registrations_of_a_username(app: Flask) -> None:
    for number in ROUNDS:
        pages = run_concurrently(
            prepared_registration(app, f"a{number}@example.com", f"name{number}"),
            prepared_registration(app, f"b{number}@example.com", f"NAME{number}"),
        )

        assert sorted(page.path for page in pages) == ["/auth/register", "/auth/unconfirmed"]
        failed = next(page for page in pages if page.path == "/auth/register")
        assert failed.status == 200
        assert "This username is taken" in failed.text
        assert count_rows(app, Registration) == number + 1


def test_concurrent_registrations_of_an_email(app: Flask) -> None:
    for number in ROUNDS[:3]:
        pages = run_concurrently(
            prepared_registration(app, f"a{number}@example.com", f"one{number}"),
            prepared_registration(app, f"a{number}@example.com", f"two{number}"),
        )

        assert [page.path for page in pages] == ["/auth/unconfirmed"] * 2
        assert count_rows(app, Registration) == number + 1


def test_reset_link_is_used_once_by_concurrent_requests(
    app: Flask, make: Factory, mailbox: Mailbox
) -> None:
    for number in ROUNDS:
        ann = make.user(f"ann{number}")
        link = f"/auth/reset/{token_for(app, ann, 'reset')}"
        passwords = [f"{NEW_PASSWORD} {one}" for one in (1, 2)]

        pages = run_concurrently(
            *(
                prepared_submission(SiteClient(app), link, {"password": one, "password2": one})
                for one in passwords
            )
        )

        assert sorted(page.status for page in pages) == [200, 400]
        winner = passwords[[page.status for page in pages].index(200)]
        assert try_to_log_in(SiteClient(app), ann.email, winner).path == "/"
        assert len(mailbox.to(ann.email)) == 1


def test_confirmation_link_is_used_once_by_concurrent_requests(
    app: Flask, make: Factory, mailbox: Mailbox
) -> None:
    for number in ROUNDS:
        ann = make.user(f"ann{number}", confirmed=False)
        link = f"/auth/confirm/{token_for(app, ann, 'confirm')}"
        fields = {"password": ann.password}

        pages = run_concurrently(
            *(prepared_submission(SiteClient(app), link, fields, link) for _ in range(2))
        )

        assert {page.status for page in pages} <= {200, 400}
        assert len(mailbox.to("admin@example.com")) == number + 1


def test_registration_is_confirmed_once_by_concurrent_requests(
    app: Flask, mailbox: Mailbox
) -> None:
    for number in ROUNDS:
        email = f"new{number}@example.com"
        prepared_registration(app, email, f"new{number}")()
        link, fields = mailbox.last(email).link, {"password": PASSWORD}

        pages = run_concurrently(
            *(prepared_submission(SiteClient(app), link, fields, link) for _ in range(2))
        )

        assert {page.status for page in pages} <= {200, 400}
        assert count_rows(app, User) == len(mailbox.to("admin@example.com")) == number + 1
        assert count_rows(app, Registration) == 0


def test_concurrent_changes_to_one_email(app: Flask, make: Factory) -> None:
    for number in ROUNDS:
        users = [make.user(f"{name}{number}") for name in ("ann", "bob")]
        submissions = []
        for user in users:
            link = f"/auth/change-email/{token_for(app, user, 'change_email')}"
            submissions.append(prepared_submission(SiteClient(app).log_in(user), link, {}, link))

        pages = run_concurrently(*submissions)

        assert sorted(page.status for page in pages) == [200, 400]
        with app.app_context():
            owner = User.find_by_email("moved@example.com")
            assert owner is not None
            owner.email = f"moved{number}@example.com"
            db.session.commit()


def test_concurrent_changes_to_one_username(app: Flask, make: Factory) -> None:
    for number in ROUNDS:
        users = [make.user(f"{name}{number}") for name in ("ann", "bob")]
        fields = {"username": f"wanted{number}", "password": PASSWORD}
        clients = [SiteClient(app).log_in(user) for user in users]

        pages = run_concurrently(
            *(prepared_submission(one, "/auth/change-username", fields) for one in clients)
        )

        assert sorted(page.path for page in pages) == ["/auth/account", "/auth/change-username"]
        names = {str(user_column(app, user, "username")) for user in users}
        assert f"wanted{number}" in names
        assert count_rows(app, FormerUsername) == number + 1


def test_concurrent_changes_do_not_exceed_the_reserved_usernames(
    app: Flask, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FormerUsername, "MAX_PER_USER", 1)
    for number in ROUNDS:
        ann = make.user(f"ann{number}")
        clients = [SiteClient(app).log_in(ann) for _ in range(2)]
        submissions = [
            prepared_submission(
                client,
                "/auth/change-username",
                {"username": f"new{number}_{index}", "password": PASSWORD},
            )
            for index, client in enumerate(clients)
        ]

        run_concurrently(*submissions)

        assert count_rows(app, FormerUsername) == number + 1


def test_old_address_is_restored_during_another_change(app: Flask, make: Factory) -> None:
    for number in ROUNDS:
        ann = make.user(f"ann{number}", email=f"stolen{number}@example.com")
        restore = f"/auth/restore-email/{token_for(app, ann, 'restore_email')}"
        change = f"/auth/change-email/{token_for(app, ann, 'change_email')}"

        pages = run_concurrently(
            prepared_submission(SiteClient(app), restore, {}, restore),
            prepared_submission(SiteClient(app).log_in(ann), change, {}, change),
        )

        assert pages[0].status == 200
        assert user_column(app, ann, "email") == f"old-{ann.email}"
        assert count_rows(app, EmailChange) == 0


@pytest.mark.parametrize("kind", ["post", "comment"])
def test_concurrent_deletions_count_once(app: Flask, make: Factory, kind: str) -> None:
    ann = make.user("ann")
    kept = make.post(ann)
    clients = [SiteClient(app).log_in(ann) for _ in range(2)]

    for _ in ROUNDS:
        row = make.comment(ann, kept) if kind == "comment" else make.post(ann)
        link = f"/{kind}/{row}/deletion"

        pages = run_concurrently(*(prepared_submission(one, link, {}, link) for one in clients))

        assert {page.status for page in pages} <= {200, 404}
        assert user_column(app, ann, "post_count") == count_rows(app, Post) == 1
        with app.app_context():
            assert db.session.get_one(Post, kept).comment_count == count_rows(app, Comment) == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [*combinations_with_replacement(["demote", "unconfirm", "delete", "suspend"], 2)],
)
def test_one_of_two_administrators_remains(
    app: Flask, make: Factory, first: str, second: str
) -> None:
    for number in ROUNDS:
        ann, bob = (make.user(f"{name}{number}", role="Administrator") for name in ("ann", "bob"))
        submissions = [
            prepared_removal(SiteClient(app).log_in(ann), bob, first),
            prepared_removal(SiteClient(app).log_in(bob), ann, second),
        ]

        pages = run_concurrently(*submissions)

        assert all(page.status in {200, 403, 404} for page in pages), pages
        with app.app_context():
            assert len(administrators()) == 1
            delete_user(administrators()[0])
            db.session.commit()


def prepared_removal(client: SiteClient, user: UserData, verb: str) -> Callable[[], Page]:
    """Return a function that takes administration away from `user`."""
    if verb == "suspend":
        link = f"/user/{user.username}/suspension"
        return prepared_submission(client, link, {"reason": "Holidays"}, link)
    if verb == "delete":
        link = f"/user/{user.username}/deletion"
        return prepared_submission(client, link, {"username": user.username}, link)
    link = f"/edit-profile/{user.id}"
    with client.app.app_context():
        role_id = db.session.scalar(select(Role.id).where(Role.default))
    change: dict[str, Any] = {"confirmed": None} if verb == "unconfirm" else {"role": str(role_id)}
    return prepared_submission(client, link, change, link)


def administrators() -> list[User]:
    is_administrator = User.role.has(Role.name == "Administrator")
    is_active = User.confirmed & User.suspended_at.is_(None)
    return list(db.session.scalars(select(User).where(is_administrator, is_active)))
