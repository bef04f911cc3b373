"""A live site with the demo data, and the ids and tokens that paths need."""

from typing import Any

from flask import Flask
from sqlalchemy import select  # demo-only

from app.cli.demo import PASSWORD  # demo-only
from app.extensions import db
from app.models import (
    AccessToken,
    Comment,  # demo-only
    EmailChange,
    HiddenUser,  # demo-only
    Post,  # demo-only
    ReportedItem,  # demo-only
    User,
)
from tests.support.factories import UserData
from tests.support.live_site import LiveSite
from tests.support.rows import add_passkey, add_report


class DemoSite(LiveSite):
    """A live site with one user per role in `users`; `values` fills the paths of page states."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        # demo-only: begin
        result = app.test_cli_runner().invoke(args=["demo", "seed"])
        assert result.exit_code == 0, result.output
        # demo-only: end
        newcomer = self.make.user("newcomer", about_me=None)
        pending = self.make.user("pending", confirmed=False)
        suspended = self.make.user("suspended")
        with app.app_context():
            db.session.get_one(User, suspended.id).suspend("Advertisements in every comment.")
            db.session.commit()
            self.users = {
                # demo-only: begin
                "user": self._demo_user("maya"),
                "moderator": self._demo_user("tom"),
                "administrator": self._demo_user("ines"),
                # demo-only: end
                # without-demo: "user": self.make.user("maya", name="Maya"),
                # without-demo: "moderator": self.make.user("tom", "Moderator"),
                # without-demo: "administrator": self.make.user("ines", "Administrator"),
                "newcomer": newcomer,
            }
            # demo-only: begin
            for name in ("dafydd", "maya"):
                other = db.session.scalars(select(User).where(User.username == name)).one()
                HiddenUser.block(db.session.get_one(User, newcomer.id), other)
            # demo-only: end
            self._create_tokens()
            report = add_report(app, self.users["user"], newcomer, text="A copy of my profile.")
            passkey = add_passkey(app, self.users["user"], "Laptop")
            self.values = {
                "report": report,
                "passkey": passkey,
                **self._row_ids(),
                **self._link_tokens(pending),
            }

    # demo-only: begin
    def _demo_user(self, username: str) -> UserData:
        user = db.session.scalars(select(User).where(User.username == username)).one()
        return UserData(user.id, username, user.email, PASSWORD)

    # demo-only: end

    def _create_tokens(self) -> None:
        maya = db.session.get_one(User, self.users["user"].id)
        AccessToken.issue(maya, "Phone", 30)
        AccessToken.issue(maya, "A nightly read-only script with a long name", 365, True)
        db.session.commit()

    def _row_ids(self) -> dict[str, Any]:
        """Return the ids in paths."""
        maya = self.users["user"].id
        # demo-only: begin
        disabled = select(Comment.post_id).where(Comment.disabled).order_by(Comment.id)
        without_comments = select(Post.id).where(~Post.comments.any()).order_by(Post.id)
        by_comments = select(Comment.post_id).group_by(Comment.post_id)
        # demo-only: end
        return {
            "maya": maya,
            # demo-only: begin
            "own_post": self._first(select(Post.id).where(Post.author_id == maya)),
            "own_comment": self._first(select(Comment.id).where(Comment.author_id == maya)),
            "moderated_post": self._first(disabled),
            "reported_comment": self._first(
                select(ReportedItem.id).where(ReportedItem.kind == "comment")
            ),
            "quiet_post": self._first(without_comments),
            "busy_post": self._first(by_comments.order_by(db.func.count().desc())),
            # demo-only: end
        }

    def _link_tokens(self, pending_user: UserData) -> dict[str, Any]:
        pending = db.session.get_one(User, pending_user.id)
        maya = db.session.get_one(User, self.users["user"].id)
        change = EmailChange.record(maya, "maya@earlier.example")
        db.session.commit()
        return {
            "restore_email_token": change.generate_restore_token(),
            "confirm_token": pending.generate_confirmation_token(),
            "unsubscribe_token": maya.generate_unsubscribe_token(),  # demo-only
            "reset_token": maya.generate_reset_token(),
            "change_email_token": maya.generate_email_change_token("maya@elsewhere.example"),
        }

    # demo-only: begin
    def _first(self, ids: Any) -> int:
        return int(db.session.scalars(ids.limit(1)).one())

    # demo-only: end
