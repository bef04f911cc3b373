"""Permission checks for the current user. tests/requests/ checks every endpoint."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask_login import login_user, logout_user
from werkzeug.exceptions import Forbidden

from app.extensions import db
from app.models import User
from app.permissions import (
    admin_required,
    can_delete,
    can_edit,
    can_follow,
    can_read_suspended,
    can_view,
)
from tests.support.factories import Factory, UserData

ROLES = ("User", "Moderator", "Administrator")


def test_permissions_depend_on_role_and_authorship(app: Flask, make: Factory) -> None:
    author = make.user("author").id
    expected = {
        None: (False, False, False),
        "User": (False, False, False),
        "Moderator": (False, True, True),
        "Administrator": (True, True, True),
    }
    users = {role: make.user(role, role) for role in ROLES}
    for role, permissions in expected.items():
        with app.test_request_context():
            log_in(users.get(role or ""))

            assert (can_edit(author), can_delete(author), can_read_suspended()) == permissions
    with app.test_request_context():
        user = log_in(users["User"])
        assert user is not None
        assert (can_edit(user.id), can_delete(user.id), can_follow(user)) == (True, True, False)
        assert can_follow(db.session.get_one(User, author))


def log_in(user: UserData | None) -> User | None:
    """Make `user` the current user of this request."""
    logout_user()
    row = db.session.get(User, user.id) if user else None
    if row is not None:
        login_user(row)
    return row


def test_unconfirmed_users_without_posts_are_hidden(app: Flask, make: Factory) -> None:
    new, author = (make.user(name, confirmed=False) for name in ("new", "author"))
    make.post(author)
    admin = make.user("admin", "Administrator")
    for viewer, expected in ((None, False), (author, False), (admin, True)):
        with app.test_request_context():
            log_in(viewer)

            assert can_view(db.session.get_one(User, new.id)) is expected
            assert can_view(db.session.get_one(User, author.id))
            assert can_view(db.session.get_one(User, admin.id))


@pytest.mark.parametrize("role", [None, *ROLES])
def test_view_requires_the_permission(app: Flask, make: Factory, role: str | None) -> None:
    view: Callable[[], str] = admin_required(lambda: "shown")
    user = make.user("ann", role) if role else None
    with app.test_request_context():
        log_in(user)
        if role == "Administrator":
            assert view() == "shown"
        elif role:
            with pytest.raises(Forbidden):
                view()
        else:
            assert getattr(view(), "location", "").startswith("/auth/login")
