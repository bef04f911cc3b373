"""A small site in which everything looks as different as it can, and the people who look."""

from dataclasses import dataclass, field
from typing import Any

from flask import Flask, abort

from app.extensions import db
from app.models import AccessToken, Comment, Post, User
from tests.factories import Factory, Person
from tests.mailbox import Mailbox
from tests.reader import Reader
from tests.rows import token_for
from tests.settings import make_app

NO_HURRY = "100000 per hour"
SHORT_LISTS = {f"FLASKY_{rows}_PER_PAGE": 2 for rows in ("POSTS", "COMMENTS", "FOLLOWERS")}
ROLES = {"user": "User", "moderator": "Moderator", "administrator": "Administrator"}


def make_site(database: str, mailbox: Mailbox, **settings: Any) -> Flask:
    """Return an application with short lists; `/error/<code>` shows any error page."""
    app = make_app(
        SQLALCHEMY_DATABASE_URI=database,
        RATELIMIT_LOGIN=NO_HURRY,
        RATELIMIT_REGISTER=NO_HURRY,
        RATELIMIT_LETTER=NO_HURRY,
        **SHORT_LISTS,
        **mailbox.settings,
        **settings,
    )
    app.add_url_rule("/error/<int:code>", "error", abort)
    return app


@dataclass
class World:
    """People, and what they wrote. `known` is what paths name in braces."""

    app: Flask
    language: str | None = None
    people: dict[str, Person] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)
    _readers: dict[str, Reader] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.make = Factory(self.app)
        for kind, role in ROLES.items():
            about = {"name": f"Data_{kind}", "location": "Data", "about_me": "Data"}
            self.people[kind] = self._person(f"data_{kind}", role=role, **about)
        for kind in ("newcomer", "pending"):
            self.people[kind] = self._person(f"data_{kind}", confirmed=kind != "pending")
        self._write()
        for purpose, kind in {
            "confirm": "pending",
            "reset": "user",
            "change_email": "user",
        }.items():
            self.known[purpose] = token_for(self.app, self.people[kind], purpose)
        with self.app.app_context():
            user = db.session.get_one(User, self.people["user"].id)
            token, _secret = AccessToken.issue(user, "data", days=30)
            db.session.commit()
            self.known["token"] = token.id

    def reader(self, kind: str) -> Reader:
        """Return the reader of this kind, logged in unless anonymous."""
        if kind not in self._readers:
            reader = Reader(self.app)
            if self.language:
                reader.client.set_cookie("lang", self.language)
            self._readers[kind] = (
                reader if kind == "anonymous" else reader.log_in(self.people[kind])
            )
        return self._readers[kind]

    def path(self, template: str) -> str:
        """Return a path with its braces filled."""
        return template.format(**self.known)

    def forget_posts(self) -> None:
        """Delete all posts and comments."""
        with self.app.app_context():
            for model in (Comment, Post):
                db.session.execute(db.delete(model))
            db.session.commit()

    def _person(self, username: str, **columns: Any) -> Person:
        return self.make.user(username, locale=self.language, **columns)

    def _write(self) -> None:
        user, moderator = self.people["user"], self.people["moderator"]
        posts = [self.make.post(user, f"data{number}") for number in range(3)]
        silent = self.make.post(moderator, "data")
        comments = [self.make.comment(user, posts[0], "data") for _ in range(3)]
        other = self.make.comment(moderator, posts[1], "data")
        for kind in ("moderator", "administrator"):
            self.make.follow(self.people[kind], user)
            self.make.follow(user, self.people[kind])
        with self.app.app_context():
            by = db.session.get_one(User, moderator.id)
            db.session.get_one(Comment, comments[2]).suspend(by=by)
            db.session.commit()
        names = {"mine": posts[0], "quiet": posts[2], "lonely": posts[1], "silent": silent}
        comment_ids = {"comment": comments[0], "hidden": comments[2], "other": other}
        self.known = {**names, **comment_ids, "id": user.id}
