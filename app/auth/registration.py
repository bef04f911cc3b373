"""Registration, and confirmation of the email address by an emailed link."""

from typing import Any

from flask import flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_login import current_user, login_user
from sqlalchemy.exc import IntegrityError

from ..extensions import db
from ..forms import USERNAME_TAKEN
from ..mail import messages
from ..models import User
from ..security.password_hashing import dummy_password_check
from . import auth, limits
from .forms import ConfirmAccountForm, EmailForm, RegistrationForm

SENT_TO = "confirmation_sent_to"


@auth.route("/register", methods=["GET", "POST"])
@limits.emails_per_recipient
@limits.registrations
def register() -> ResponseReturnValue:
    """Create an account. The response does not reveal whether the address already has one."""
    form = RegistrationForm()
    if form.validate_on_submit() and _register(form):
        session[SENT_TO] = form.email.data
        return redirect(url_for(".unconfirmed"))
    return render_template("auth/register.html", form=form)


@auth.get("/unconfirmed")
def unconfirmed() -> ResponseReturnValue:
    """Say that the confirmation email was sent, and offer to resend it."""
    if current_user.is_authenticated and current_user.confirmed:
        return redirect(url_for("main.index"))
    sent_to = session.get(SENT_TO)
    form = EmailForm(email=getattr(current_user, "email", sent_to))
    return render_template("auth/unconfirmed.html", form=form, sent_to=sent_to)


@auth.post("/confirm")
@limits.emails_per_recipient
@limits.emails_per_client
def resend_confirmation() -> ResponseReturnValue:
    """Resend the confirmation email, or a notice if there is no account to confirm."""
    form = EmailForm()
    if not form.validate_on_submit():
        return render_template("auth/unconfirmed.html", form=form, sent_to=session.get(SENT_TO))
    user = User.find_by_email(form.email.data or "")
    if user is None:
        messages.send_no_account(form.email.data or "")
    elif user.confirmed:
        messages.send_already_registered(user.email, user)
    else:
        messages.send_confirmation(user)
    db.session.commit()
    session[SENT_TO] = form.email.data
    flash(gettext("We sent another email."), "success")
    return redirect(url_for(".unconfirmed"))


@auth.route("/confirm/<token>", methods=["GET", "POST"])
@limits.password_attempts
def confirm(token: str) -> ResponseReturnValue:
    """Confirm the email address by POST, and log in. Mail scanners open every link: GET is safe.

    The password proves that the recipient is the one who registered. Without it, an attacker
    could register another person's address and share the account once its owner confirms it.
    """
    user = User.find_by_token("confirm", token)
    if user is None or user.confirmed:
        return render_template("auth/invalid_link.html", purpose="confirm"), 400
    form = ConfirmAccountForm(user)
    if not form.validate_on_submit():
        return render_template("auth/confirm.html", form=form, user=user)
    if not user.confirm(token):  # another request has used the token
        return render_template("auth/invalid_link.html", purpose="confirm"), 400
    messages.send_new_user(user)
    login_user(user)
    db.session.commit()
    session.pop(SENT_TO, None)
    flash(gettext("Your email is confirmed and you’re logged in. Welcome!"), "success")
    return redirect(url_for("main.index"))


def _register(form: RegistrationForm) -> bool:
    """Save the account and its email; return False and set a field error if the name is taken.

    New, unconfirmed and confirmed addresses all hash a password, write a row and send an email,
    so that neither the response nor its timing reveals whether an account exists.
    """
    user, is_new = User.find_by_email(form.email.data or ""), True
    account: dict[str, Any] = {
        "username": form.username.data,
        "password": form.password.data,
        "locale": str(get_locale()),
    }
    try:
        if user is None:
            user = User(email=form.email.data, **account)
            db.session.add(user)
        else:
            is_new = _replace_registration(user, **account)
        db.session.flush()
    except IntegrityError:  # taken in the meantime
        db.session.rollback()
        form.username.errors = [USERNAME_TAKEN]
        return False
    if is_new:
        messages.send_confirmation(user)
    else:
        messages.send_already_registered(user.email, user)
    db.session.commit()
    return True


def _replace_registration(user: User, username: str, password: str, locale: str) -> bool:
    """Replace an unconfirmed registration; return False if the account is confirmed."""
    if user.confirmed:
        dummy_password_check(password)
    elif user.replace_unconfirmed(username, password, locale):
        return True
    # A registration takes the username. If it stayed available, that would reveal the account.
    user.reserve_username(username)
    return False
