"""Suspending accounts, as an administrator."""

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from ..extensions import db
from ..forms import ConfirmForm
from ..mail import messages
from ..models import SecurityEvent
from ..permissions import admin_required
from . import main
from .forms import SuspendForm
from .users import get_user_or_404, lock_accounts


@main.route("/user/<username>/suspension", methods=["GET", "POST"])
@admin_required
def suspend_user(username: str) -> ResponseReturnValue:
    """Suspend an account with a reason, which its owner gets by email."""
    user, form = get_user_or_404(username), SuspendForm()
    if user.id == current_user.id:
        abort(400, gettext("Administrators can’t suspend themselves. Ask another administrator."))
    if user.suspended_at is not None:
        return redirect(url_for(".user", username=user.username))
    if not form.validate_on_submit():
        return render_template("users/suspend.html", user=user, form=form)
    lock_accounts(user)
    if user.suspended_at is None:  # no other administrator was faster
        user.suspend(form.reason.data or "")
        SecurityEvent.record_action(current_user, "user_suspended", user, form.reason.data or "")
        messages.send_suspended(user)
    db.session.commit()
    flash(gettext("The account has been suspended."), "success")
    return redirect(url_for(".user", username=user.username))


@main.route("/user/<username>/reinstatement", methods=["GET", "POST"])
@admin_required
def reinstate_user(username: str) -> ResponseReturnValue:
    """End the suspension of an account."""
    user, form = get_user_or_404(username), ConfirmForm()
    if user.suspended_at is None:
        return redirect(url_for(".user", username=user.username))
    if not form.validate_on_submit():
        return render_template("users/reinstate.html", user=user, form=form)
    lock_accounts(user)
    if user.suspended_at is not None:  # no other administrator was faster
        user.reinstate()
        SecurityEvent.record_action(current_user, "user_reinstated", user)
        messages.send_reinstated(user)
    db.session.commit()
    flash(gettext("The suspension has ended."), "success")
    return redirect(url_for(".user", username=user.username))
