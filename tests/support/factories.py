"""Factories of rows. Tests name only what matters to them."""

from collections.abc import Callable  # demo-only
from dataclasses import dataclass
from datetime import datetime  # demo-only
from typing import Any

from flask import Flask

from app.extensions import db
from app.models import (
    Comment,  # demo-only
    HiddenUser,  # demo-only
    Post,  # demo-only
    Role,
    User,
)

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class UserData:
    """The columns of a user that tests need, without an open session."""

    id: int
    username: str
    email: str
    password: str = PASSWORD


class Factory:
    """Creates rows in the database of `app`, each in a transaction of its own."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def user(self, username: str = "ann", role: str | None = None, **columns: Any) -> UserData:
        """Create a confirmed user; `role` is the name of a role."""
        email = columns.pop("email", f"{username.lower()}@example.com")
        columns = {"password": PASSWORD, "confirmed": True, **columns}
        with self.app.app_context():
            user = User(email=email, username=username, **columns)
            if role is not None:
                user.role = Role.find_by_name(role)
            db.session.add(user)
            db.session.commit()
            return UserData(user.id, username, user.email, columns["password"])

    # demo-only: begin
    def post(
        self, author: UserData, body: str = "Some *words*.", timestamp: datetime | None = None
    ) -> int:
        """Create a post; return its id."""
        columns = {"timestamp": timestamp} if timestamp else {}
        with self.app.app_context():
            post = Post(body=body, author_id=author.id, **columns)
            db.session.add(post)
            db.session.commit()
            return post.id

    def comment(self, author: UserData, post_id: int, body: str = "Well said.") -> int:
        """Create a comment; return its id."""
        with self.app.app_context():
            comment = Comment(body=body, author_id=author.id, post_id=post_id)
            db.session.add(comment)
            db.session.commit()
            return comment.id

    def follow(self, follower: UserData, followed: UserData) -> None:
        """Create a follow."""
        with self.app.app_context():
            other = db.session.get_one(User, followed.id)
            db.session.get_one(User, follower.id).follow(other)
            db.session.commit()

    def block(self, user: UserData, other: UserData) -> None:
        """Let `user` block `other`."""
        self._hide(HiddenUser.block, user, other)

    def mute(self, user: UserData, other: UserData) -> None:
        """Let `user` mute `other`."""
        self._hide(HiddenUser.mute, user, other)

    def _hide(self, hide: Callable[[User, User], bool], *users: UserData) -> None:
        with self.app.app_context():
            hide(*(db.session.get_one(User, user.id) for user in users))
            db.session.commit()

    # demo-only: end
