"""The site with its demo data, and what of it the tests need to know."""

from typing import Any

from flask import Flask
from sqlalchemy import select

from app.cli.demo import PASSWORD
from app.extensions import db
from app.models import AccessToken, Comment, Post, User
from tests.browser.live_site import LiveSite
from tests.factories import Person


class DemoSite(LiveSite):
    """A live site with demo data. `people` are its kinds of readers, `known` what paths name."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        result = app.test_cli_runner().invoke(args=["demo", "seed"])
        assert result.exit_code == 0, result.output
        newcomer = self.make.user("newcomer", about_me=None)
        pending = self.make.user("pending", confirmed=False)
        with app.app_context():
            self.people = {
                "user": self._demo_person("maya"),
                "moderator": self._demo_person("tom"),
                "administrator": self._demo_person("ines"),
                "newcomer": newcomer,
            }
            self._make_tokens()
            self.known = {**self._known_rows(), **self._known_tokens(pending)}

    def _demo_person(self, username: str) -> Person:
        user = db.session.scalars(select(User).where(User.username == username)).one()
        return Person(user.id, username, user.email, PASSWORD)

    def _make_tokens(self) -> None:
        maya = db.session.get_one(User, self.people["user"].id)
        AccessToken.issue(maya, "Phone", 30)
        AccessToken.issue(maya, "A script that reads at night and has a long name", 365, True)
        db.session.commit()

    def _known_rows(self) -> dict[str, Any]:
        """Return ids: of maya and of things that she wrote, and of posts that have something."""
        maya = self.people["user"].id
        suspended = select(Comment.post_id).where(Comment.disabled).order_by(Comment.id)
        silent = select(Post.id).where(~Post.comments.any()).order_by(Post.id)
        talked_about = select(Comment.post_id).group_by(Comment.post_id)
        return {
            "maya": maya,
            "mine": self._first(select(Post.id).where(Post.author_id == maya)),
            "my_comment": self._first(select(Comment.id).where(Comment.author_id == maya)),
            "suspended": self._first(suspended),
            "silent": self._first(silent),
            "busy": self._first(talked_about.order_by(db.func.count().desc())),
        }

    def _known_tokens(self, pending: Person) -> dict[str, Any]:
        waiting = db.session.get_one(User, pending.id)
        maya = db.session.get_one(User, self.people["user"].id)
        return {
            "confirm": waiting.generate_confirmation_token(),
            "reset": maya.generate_reset_token(),
            "move": maya.generate_email_change_token("maya@elsewhere.example"),
        }

    def _first(self, ids: Any) -> int:
        return int(db.session.scalars(ids.limit(1)).one())
