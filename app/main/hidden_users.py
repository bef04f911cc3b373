"""Blocking and muting users, and the list of those whom one has blocked or muted."""

from collections.abc import Callable

from flask import abort, current_app, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from ..extensions import db
from ..models import HiddenUser, TooManyHiddenUsers, User
from ..models.hidden_user import BLOCK, MUTE
from ..pagination import paginate
from ..permissions import can_follow
from ..security.redirects import redirect_target
from . import main
from .users import get_user_or_404


@main.get("/blocked-and-muted")
@login_required
def hidden_users() -> ResponseReturnValue:
    """List whom the current user has blocked or muted, newest first."""
    page = paginate(HiddenUser.rows(current_user), current_app.config["FLASKY_FOLLOWERS_PER_PAGE"])
    return render_template("users/hidden.html", page=page)


@main.post("/block/<username>")
@login_required
def block(username: str) -> ResponseReturnValue:
    """Block a user."""
    text = gettext("You have blocked %(username)s.", username=username)
    return _hide(HiddenUser.block, username, text)


@main.post("/unblock/<username>")
@login_required
def unblock(username: str) -> ResponseReturnValue:
    """Unblock a user. Follows that the block has ended do not come back."""
    text = gettext("You have unblocked %(username)s.", username=username)
    return _unhide(BLOCK, username, text)


@main.post("/mute/<username>")
@login_required
def mute(username: str) -> ResponseReturnValue:
    """Mute a user, who does not learn of it."""
    text = gettext("You have muted %(username)s.", username=username)
    return _hide(HiddenUser.mute, username, text)


@main.post("/unmute/<username>")
@login_required
def unmute(username: str) -> ResponseReturnValue:
    """Unmute a user."""
    text = gettext("You have unmuted %(username)s.", username=username)
    return _unhide(MUTE, username, text)


def _hide(hide: Callable[[User, User], bool], username: str, text: str) -> ResponseReturnValue:
    """Block or mute a user, flash `text`, and return to the page with the button."""
    user = get_user_or_404(username)
    if not can_follow(user):
        abort(400, gettext("You can’t block or mute yourself."))
    try:
        is_new = hide(current_user._get_current_object(), user)
    except TooManyHiddenUsers:
        db.session.rollback()
        maximum = HiddenUser.MAX
        text = gettext(
            "You have blocked or muted %(number)s people, and can’t add more. "
            "Unblock or unmute someone first.",
            number=maximum,
        )
        flash(text, "warning")
        return redirect(redirect_target())
    db.session.commit()
    already = gettext("You have already blocked or muted %(username)s.", username=user.username)
    flash(text if is_new else already, "success" if is_new else "message")
    return redirect(redirect_target())


def _unhide(kind: str, username: str, text: str) -> ResponseReturnValue:
    """Unblock or unmute a user, flash `text`, and return to the page with the button."""
    user = get_user_or_404(username)
    if HiddenUser.remove(current_user, user, kind):
        db.session.commit()
        flash(text, "success")
    else:
        flash(gettext("You have not blocked or muted %(username)s.", username=user.username))
    return redirect(redirect_target())
