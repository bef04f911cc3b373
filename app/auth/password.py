"""Changing a password, and resetting it with an emailed link."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from ..extensions import db
from ..known_browsers import remember_browser
from ..mail import messages
from ..models import SecurityEvent, User
from . import auth, limits
from .forms import ChangePasswordForm, EmailForm, NewPasswordForm
from .session import stay_logged_in


@auth.route("/change-password", methods=["GET", "POST"])
@limits.password_attempts
@login_required
def change_password() -> ResponseReturnValue:
    """Change the password and end all other sessions of the account."""
    form = ChangePasswordForm()
    if form.validate_on_submit():
        current_user.password = form.password.data
        messages.send_password_changed(current_user)
        SecurityEvent.record(current_user, "password_changed")
        stay_logged_in()
        db.session.commit()
        flash(
            gettext("Your password has been changed. All other devices were logged out."),
            "success",
        )
        return redirect(url_for("main.user", username=current_user.username))
    return render_template("auth/change_password.html", form=form)


@auth.route("/reset", methods=["GET", "POST"])
@limits.resets_per_recipient
@limits.emails_per_client
def password_reset_request() -> ResponseReturnValue:
    """Email a reset link, or a notice if there is no account with this address."""
    form = EmailForm()
    if form.validate_on_submit():
        user = User.find_by_email(form.email.data or "")
        if user is None:
            messages.send_no_account(form.email.data or "")
        else:
            messages.send_password_reset(user)
        db.session.commit()
        flash(gettext("We sent an email with instructions to this address."), "success")
        return redirect(url_for(".login"))
    return render_template("auth/reset_request.html", form=form)


@auth.route("/reset/<token>", methods=["GET", "POST"])
def password_reset(token: str) -> ResponseReturnValue:
    """Set a new password and end all sessions. The link can be used once."""
    user, form = User.find_by_token("reset", token), NewPasswordForm()
    if user is not None and not form.validate_on_submit():
        return render_template("auth/reset.html", form=form)
    if user is None or not User.reset_password(token, form.password.data or ""):
        return render_template("auth/invalid_link.html", purpose="reset"), 400
    messages.send_password_changed(user)
    SecurityEvent.record(user, "password_reset")
    db.session.commit()
    remember_browser(None, user)
    flash(gettext("Your password has been updated. You can now log in."), "success")
    return redirect(url_for(".login"))
