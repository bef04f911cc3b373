"""Moving an account to another address, which has to be confirmed from there."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required
from sqlalchemy.exc import IntegrityError

from .. import email
from ..extensions import db, limiter
from ..forms import ConfirmForm
from ..limits import LOGIN
from ..models import User
from . import auth
from .forms import ChangeEmailForm
from .limits import letters_to_one_address
from .session import stay_logged_in


@auth.route("/change-email", methods=["GET", "POST"])
@limiter.limit(LOGIN, methods=["POST"])
@letters_to_one_address
@login_required
def change_email_request() -> ResponseReturnValue:
    """Send a link to the new address; one that has an account already gets a letter saying so."""
    form = ChangeEmailForm()
    if form.validate_on_submit():
        owner = User.with_email(form.email.data or "")
        if owner is None:
            email.send_email_change(current_user, form.email.data or "")
        else:
            email.send_already_registered(owner.email, owner)
        db.session.commit()
        flash(gettext("A letter is on its way to the new address. Follow its link."), "success")
        return redirect(url_for("main.user", username=current_user.username))
    return render_template("auth/change_email_request.html", form=form)


@auth.route("/change-email/<token>", methods=["GET", "POST"])
@login_required
def change_email(token: str) -> ResponseReturnValue:
    """Confirm the new address: the link shows a button, since mail scanners open every link."""
    form = ConfirmForm()
    valid = User.from_token("change_email", token) == current_user
    if valid and form.validate_on_submit():
        valid = _move(token)
        if valid:
            flash(gettext("Your address has been changed."), "success")
            return redirect(url_for("main.user", username=current_user.username))
    if not valid:
        return render_template("auth/bad_link.html", purpose="change_email"), 400
    return render_template("auth/change_email.html", form=form)


def _move(token: str) -> bool:
    try:
        moved = bool(current_user.change_email(token))
        db.session.commit()
    except IntegrityError:  # somebody took the address a moment ago
        db.session.rollback()
        return False
    if moved:
        stay_logged_in(current_user._get_current_object())
    return moved
