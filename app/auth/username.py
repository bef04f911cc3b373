"""Changing the username."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required
from sqlalchemy.exc import IntegrityError

from ..extensions import db
from ..forms import USERNAME_TAKEN
from ..models import FormerUsername, SecurityEvent, TooManyUsernames
from . import auth, limits
from .forms import ChangeUsernameForm


@auth.route("/change-username", methods=["GET", "POST"])
@limits.password_attempts
@login_required
def change_username() -> ResponseReturnValue:
    """Change the username; the old one redirects to the new one for a while."""
    form = ChangeUsernameForm()
    if form.validate_on_submit() and _change(form):
        flash(gettext("Your username has been changed."), "success")
        return redirect(url_for(".account"))
    days = FormerUsername.TTL.days
    return render_template("auth/change_username.html", form=form, days=days)


def _change(form: ChangeUsernameForm) -> bool:
    """Save the username; return False and set a field error if that is impossible."""
    user, new = current_user._get_current_object(), form.username.data or ""
    old = user.username
    try:
        FormerUsername.change(user, new)
        SecurityEvent.record(user, "username_changed", f"{old} → {new}")
    except IntegrityError:  # taken in the meantime
        error = USERNAME_TAKEN
    except TooManyUsernames:
        error = gettext("You have changed your username too often. Try again in a few weeks.")
    else:
        db.session.commit()
        return True
    db.session.rollback()
    form.username.errors = [error]
    return False
