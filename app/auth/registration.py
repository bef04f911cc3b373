"""Registration, and confirmation of the email address by an emailed link."""

from flask import flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from ..extensions import db
from ..forms import USERNAME_TAKEN
from ..mail import messages
from ..models import Registration, User
from . import auth, limits
from .forms import ConfirmAccountForm, EmailForm, RegistrationForm
from .session import PENDING, start_login

SENT_TO = "confirmation_sent_to"


@auth.route("/register", methods=["GET", "POST"])
@limits.emails_per_recipient
@limits.registrations
def register() -> ResponseReturnValue:
    """Register. The response does not reveal whether the address already has an account."""
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
    email = form.email.data or ""
    _send_email(email, Registration.renew(email))
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
    account = Registration.find_by_token(token) or User.find_by_token("confirm", token)
    if account is None or account.confirmed or not account.is_active:
        return render_template("auth/invalid_link.html", purpose="confirm"), 400
    form = ConfirmAccountForm(account)
    if not form.validate_on_submit():
        return render_template("auth/confirm.html", form=form, account=account)
    user = _confirm(account, token)
    if user is None:
        return render_template("auth/invalid_link.html", purpose="confirm"), 400
    messages.send_new_user(user)
    target = start_login(user)
    db.session.commit()
    session.pop(SENT_TO, None)
    if PENDING in session:
        flash(gettext("Your email is confirmed."), "success")
    else:
        flash(gettext("Your email is confirmed and you’re logged in. Welcome!"), "success")
    return redirect(target)


def _register(form: RegistrationForm) -> bool:
    """Save the registration and its email; return False and set a field error for a taken name.

    Every email address takes the same statements, one password hash and one email, so that neither
    the response nor its timing reveals whether there is an account.
    """
    email, username = form.email.data or "", form.username.data or ""
    try:
        registration = Registration.save(
            email, username, form.password.data or "", str(get_locale())
        )
    except IntegrityError:  # taken in the meantime
        db.session.rollback()
        form.username.errors = [USERNAME_TAKEN]
        return False
    _send_email(email, registration)
    db.session.commit()
    return True


def _send_email(email: str, registration: Registration | None) -> None:
    """Send the confirmation link, or a notice if there is nothing to confirm."""
    user = User.find_by_email(email)
    account = user or registration
    if user is not None and user.confirmed:
        messages.send_already_registered(user.email, user)
    elif account is None:
        messages.send_no_account(email)
    else:
        messages.send_confirmation(account)


def _confirm(account: Registration | User, token: str) -> User | None:
    """Confirm an account; return None if another request did, or took its name or address."""
    if isinstance(account, User):
        return account if account.confirm(token) else None
    try:
        return account.confirm()
    except IntegrityError:
        db.session.rollback()
        return None
