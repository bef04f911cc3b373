"""Following users, and the lists of followers and followed users."""

from typing import Any

from flask import abort, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from ..extensions import db
from ..models import Blocked, Notification, Permission, User
from ..pagination import paginate
from ..permissions import can_follow, permission_required
from . import main
from .users import get_user_or_404


@main.post("/follow/<username>")
@permission_required(Permission.FOLLOW)
def follow(username: str) -> ResponseReturnValue:
    """Follow a user."""
    user = get_user_or_404(username)
    if not can_follow(user):
        abort(400, gettext("You can’t follow yourself."))
    try:
        is_new = current_user.follow(user)
    except Blocked:
        db.session.rollback()
        abort(403, gettext("You can’t follow this user: one of you has blocked the other."))
    if is_new:
        Notification.add_follow(current_user, user)
        flash(gettext("You are now following %(username)s.", username=user.username), "success")
    else:
        flash(gettext("You are already following %(username)s.", username=user.username))
    db.session.commit()
    return redirect(url_for(".user", username=user.username))


@main.post("/unfollow/<username>")
@permission_required(Permission.FOLLOW)
def unfollow(username: str) -> ResponseReturnValue:
    """Unfollow a user."""
    user = get_user_or_404(username)
    if current_user.unfollow(user):
        flash(
            gettext("You are no longer following %(username)s.", username=user.username), "success"
        )
    else:
        flash(gettext("You are not following %(username)s.", username=user.username))
    db.session.commit()
    return redirect(url_for(".user", username=user.username))


@main.get("/followers/<username>")
def followers(username: str) -> ResponseReturnValue:
    """List the followers of a user, newest first."""
    user = get_user_or_404(username)
    return _render_users(user, user.follower_rows(), "followers")


@main.get("/followed-by/<username>")
def followed_by(username: str) -> ResponseReturnValue:
    """List the users that a user follows, newest first."""
    user = get_user_or_404(username)
    return _render_users(user, user.followed_rows(), "followed_by")


def _render_users(user: User, rows: Any, direction: str) -> str:
    per_page = current_app.config["FLASKY_FOLLOWERS_PER_PAGE"]
    page = paginate(rows, per_page)
    return render_template("users/follows.html", user=user, page=page, direction=direction)
