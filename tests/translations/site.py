"""A site with one user per role and content in every state, restored for every request."""

from typing import Any

from flask import Flask, abort

from app.extensions import db
from app.models import (
    AccessToken,
    Comment,  # demo-only
    Post,  # demo-only
    User,
)
from tests.support.app_factory import make_app
from tests.support.authenticator_app import add_authenticator
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.live_site import UNLIMITED
from tests.support.mailbox import Mailbox
from tests.support.rows import Snapshot, add_passkey, add_report, token_for

ROLE_NAMES = {"user": "User", "moderator": "Moderator", "administrator": "Administrator"}
TOKENS = {
    "confirm": "pending",
    "reset": "user",
    "change_email": "user",
    "restore_email": "user",
    "unsubscribe": "user",  # demo-only
}


def make_site(mailbox: Mailbox, **settings: Any) -> Flask:
    """Return an application with two rows per page; `/error/<status>` shows any error page."""
    per_page = {f"FLASKY_{rows}_PER_PAGE": 2 for rows in ("POSTS", "COMMENTS", "FOLLOWERS")}
    limits = {f"RATELIMIT_{name}": UNLIMITED for name in ("LOGIN", "REGISTER", "EMAIL")}
    app = make_app(
        SQLALCHEMY_DATABASE_URI="sqlite://", **per_page, **limits, **mailbox.settings, **settings
    )
    app.add_url_rule("/error/<int:code>", "error", abort)
    return app


class ContentSite:
    """The users and their content. `values` fills the paths of pages and submissions."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.make = Factory(app)
        self.users = {role: self._user(role) for role in ROLE_NAMES}
        self.users["newcomer"] = self.make.user("data_newcomer")
        self.users["suspended"] = self.make.user("data_suspended")
        self.users["blocked"] = self.make.user("data_blocked")
        self.users["pending"] = self.make.user("data_pending", confirmed=False)
        self.values = self._create_content() | {
            f"{purpose}_token": token_for(app, self.users[user], purpose)
            for purpose, user in TOKENS.items()
        }
        self._sessions = {role: self._log_in(role) for role in (*ROLE_NAMES, "newcomer")}
        add_authenticator(app, self.users["administrator"])
        self._snapshot = Snapshot(app)

    def restore(self) -> None:
        """Undo all changes to the database."""
        self._snapshot.restore()

    def client(self, role: str) -> SiteClient:
        """Return a new client of this role."""
        client = SiteClient(self.app)
        if role != "anonymous":
            client.client.set_cookie("session", self._sessions[role])
        return client

    def path(self, template: str) -> str:
        """Return the path with the names in braces filled in."""
        return template.format(**self.values)

    # demo-only: begin
    def delete_posts(self) -> None:
        """Delete all posts and comments."""
        with self.app.app_context():
            for model in (Comment, Post):
                db.session.execute(db.delete(model))
            db.session.commit()

    # demo-only: end

    def _user(self, role: str) -> UserData:
        profile = {"name": f"Data_{role}", "location": "Data", "about_me": "Data"}
        return self.make.user(f"data_{role}", ROLE_NAMES[role], **profile)

    def _log_in(self, role: str) -> str:
        cookie = SiteClient(self.app).log_in(self.users[role]).client.get_cookie("session")
        assert cookie is not None
        return cookie.value

    # demo-only: begin
    def _hide_users(self) -> None:
        blocked, newcomer = self.users["blocked"], self.users["newcomer"]
        self.make.block(self.users["user"], blocked)
        self.make.block(blocked, newcomer)
        for user in (self.users["user"], newcomer):
            self.make.mute(user, self.users["moderator"])

    # demo-only: end
    def _create_content(self) -> dict[str, Any]:
        user = self.users["user"]
        # demo-only: begin
        moderator = self.users["moderator"]
        posts = [self.make.post(user, f"data{number}") for number in range(3)]
        comments = [self.make.comment(user, posts[0], "data") for _ in range(3)]
        for role in ("moderator", "administrator"):
            self.make.follow(self.users[role], user)
            self.make.follow(user, self.users[role])
        self._hide_users()
        # demo-only: end
        with self.app.app_context():
            db.session.get_one(User, self.users["suspended"].id).suspend("data")
            author = db.session.get_one(User, user.id)
            # demo-only: begin
            db.session.get_one(Comment, comments[2]).suspend(
                by=db.session.get_one(User, moderator.id)
            )
            # demo-only: end
            token, _secret = AccessToken.issue(author, "data", days=30)
            db.session.commit()
            token_id = token.id
        return {
            "user_id": user.id,
            "report": add_report(self.app, user, self.users["newcomer"], text="data"),
            "passkey": add_passkey(self.app, user),
            "api_token": token_id,
            # demo-only: begin
            "commented_post": posts[0],
            "one_comment_post": posts[1],
            "own_post": posts[2],
            "others_post": self.make.post(moderator, "data"),
            "blocked_post": self.make.post(self.users["blocked"], "data"),
            "comment": comments[0],
            "others_comment": self.make.comment(moderator, posts[1], "data"),
            "disabled_comment": comments[2],
            # demo-only: end
        }
