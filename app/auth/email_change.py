"""Changing the email address: confirmed at the new address, and undone at the old one."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required
from sqlalchemy.exc import IntegrityError

from ..extensions import db
from ..forms import ConfirmForm
from ..mail import messages
from ..models import EmailChange, SecurityEvent, User
from . import auth, limits
from .forms import ChangeEmailForm
from .session import stay_logged_in


@auth.route("/change-email", methods=["GET", "POST"])
@login_required
@limits.emails_per_recipient
@limits.emails_per_account
@limits.password_attempts
def change_email_request() -> ResponseReturnValue:
    """Email a link to the new address, or a notice if it has an account; notify the old one."""
    form = ChangeEmailForm()
    if form.validate_on_submit():
        new_email = form.email.data or ""
        owner = User.find_by_email(new_email)
        messages.send_email_change_requested(current_user, new_email)
        if owner is None:
            messages.send_email_change(current_user, new_email)
        else:
            messages.send_already_registered(owner.email, owner)
        db.session.commit()
        flash(
            gettext(
                "We sent an email to the new address. Open the link in it to confirm the change."
            ),
            "success",
        )
        return redirect(url_for("main.user", username=current_user.username))
    return render_template("auth/change_email_request.html", form=form)


@auth.route("/change-email/<token>", methods=["GET", "POST"])
@login_required
def change_email(token: str) -> ResponseReturnValue:
    """Change the email address by POST. Mail scanners open every link: GET is safe."""
    if User.find_by_token("change_email", token) != current_user:
        return render_template("auth/invalid_link.html", purpose="change_email"), 400
    form = ConfirmForm()
    if not form.validate_on_submit():
        return render_template("auth/change_email.html", form=form)
    old_email = current_user.email
    try:
        changed = current_user.change_email(token)
        db.session.flush()
    except IntegrityError:  # another account took the address in the meantime
        db.session.rollback()
        changed = False
    if not changed:
        return render_template("auth/invalid_link.html", purpose="change_email"), 400
    change = EmailChange.record(current_user, old_email)
    messages.send_email_changed(current_user, old_email, change)
    SecurityEvent.record(current_user, "email_changed")
    stay_logged_in()
    db.session.commit()
    flash(gettext("Your email address has been updated."), "success")
    return redirect(url_for("main.user", username=current_user.username))


@auth.route("/restore-email/<token>", methods=["GET", "POST"])
def restore_email(token: str) -> ResponseReturnValue:
    """Restore the old email address with the link sent there, and ask for a new password."""
    change, form = EmailChange.find_by_token(token), ConfirmForm()
    if change is None:
        return render_template("auth/invalid_link.html", purpose="restore_email"), 400
    if not form.validate_on_submit():
        return render_template("auth/restore_email.html", form=form, email=change.old_email)
    replaced = db.session.get_one(User, change.user_id).email
    try:
        user = change.restore()
    except IntegrityError:  # another account has the address
        db.session.rollback()
        user = None
    if user is None:
        return render_template("auth/invalid_link.html", purpose="restore_email"), 400
    messages.send_email_changed(user, replaced)
    SecurityEvent.record(user, "email_restored")
    db.session.commit()
    flash(gettext("Your email address has been restored. Choose a new password."), "success")
    return redirect(url_for(".password_reset", token=user.generate_reset_token()))
