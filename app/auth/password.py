"""Changing a password, and setting a new one by the link in a letter."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from .. import email
from ..extensions import db, limiter
from ..limits import LOGIN
from ..models import User
from . import auth
from .forms import ChangePasswordForm, EmailForm, NewPasswordForm
from .limits import letters_from_one_place, letters_to_one_address
from .session import stay_logged_in


@auth.route("/change-password", methods=["GET", "POST"])
@limiter.limit(LOGIN, methods=["POST"])
@login_required
def change_password() -> ResponseReturnValue:
    """Change the password; every other session of this account ends."""
    form = ChangePasswordForm()
    if form.validate_on_submit():
        current_user.password = form.password.data
        email.send_password_changed(current_user)
        db.session.commit()
        stay_logged_in(current_user._get_current_object())
        flash(gettext("Your password has been changed. Other devices were logged out."), "success")
        return redirect(url_for("main.user", username=current_user.username))
    return render_template("auth/change_password.html", form=form)


@auth.route("/reset", methods=["GET", "POST"])
@letters_from_one_place
@letters_to_one_address
def password_reset_request() -> ResponseReturnValue:
    """Send a link; an address without an account gets a letter too, saying so."""
    form = EmailForm()
    if form.validate_on_submit():
        user = User.with_email(form.email.data or "")
        if user is None:
            email.send_no_account(form.email.data or "")
        else:
            email.send_password_reset(user)
        db.session.commit()
        flash(gettext("A letter with instructions is on its way to this address."), "success")
        return redirect(url_for(".login"))
    return render_template("auth/reset_request.html", form=form)


@auth.route("/reset/<token>", methods=["GET", "POST"])
def password_reset(token: str) -> ResponseReturnValue:
    """Set a new password; the link works once, and every session of the account ends."""
    user, form = User.from_token("reset", token), NewPasswordForm()
    if user is not None and not form.validate_on_submit():
        return render_template("auth/reset.html", form=form)
    is_new = user is not None and not user.confirmed
    if user is None or not User.reset_password(token, form.password.data or ""):
        return render_template("auth/bad_link.html", purpose="reset"), 400
    email.send_password_changed(user)
    if is_new:  # whoever reads the letters has confirmed the address, too
        email.send_new_user(user)
    db.session.commit()
    flash(gettext("Your password has been set. You can log in now."), "success")
    return redirect(url_for(".login"))
