"""Registering, and confirming the address by the link in a letter."""

from flask import flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_login import current_user, login_user
from sqlalchemy.exc import IntegrityError

from .. import email
from ..extensions import db, limiter
from ..limits import LOGIN
from ..models import User, waste_a_password_check
from . import auth
from .forms import ConfirmAccountForm, EmailForm, RegistrationForm
from .limits import REGISTER, letters_from_one_place, letters_to_one_address

SENT_TO = "letter_sent_to"


@auth.route("/register", methods=["GET", "POST"])
@limiter.limit(REGISTER, methods=["POST"])
@letters_to_one_address
def register() -> ResponseReturnValue:
    """Make an account. The answer is the same whether the address has one already or not."""
    form = RegistrationForm()
    if form.validate_on_submit() and _register(form):
        session[SENT_TO] = form.email.data
        return redirect(url_for(".unconfirmed"))
    return render_template("auth/register.html", form=form)


@auth.get("/unconfirmed")
def unconfirmed() -> ResponseReturnValue:
    """Say that a letter is on its way, and offer another."""
    if current_user.is_authenticated and current_user.confirmed:
        return redirect(url_for("main.index"))
    return _unconfirmed_page(EmailForm(email=_address()))


@auth.post("/confirm")
@letters_from_one_place
@letters_to_one_address
def resend_confirmation() -> ResponseReturnValue:
    """Send the letter again; an address without an account gets a letter too, saying so."""
    form = EmailForm()
    if not form.validate_on_submit():
        return _unconfirmed_page(form)
    user = User.with_email(form.email.data or "")
    if user is None:
        email.send_no_account(form.email.data or "")
    elif user.confirmed:
        email.send_already_registered(user.email, user)
    else:
        email.send_confirmation(user)
    db.session.commit()
    session[SENT_TO] = form.email.data
    flash(gettext("A new letter is on its way."), "success")
    return redirect(url_for(".unconfirmed"))


@auth.route("/confirm/<token>", methods=["GET", "POST"])
@limiter.limit(LOGIN, methods=["POST"])
def confirm(token: str) -> ResponseReturnValue:
    """Confirm an address and log in: the link shows a form, since mail scanners open every link.

    The password shows that whoever reads the letter is who registered. Otherwise a stranger could
    register somebody's address, wait for them to confirm, and share the account from then on.
    """
    user = User.from_token("confirm", token)
    if user is None or user.confirmed:
        return _dead_link()
    form = ConfirmAccountForm(user)
    if not form.validate_on_submit():
        return render_template("auth/confirm.html", form=form, user=user)
    if not user.confirm(token):  # another request was quicker
        return _dead_link()
    email.send_new_user(user)
    login_user(user)
    db.session.commit()
    session.pop(SENT_TO, None)
    flash(gettext("Thank you! Your address is confirmed, and you are logged in."), "success")
    return redirect(url_for("main.index"))


def _register(form: RegistrationForm) -> bool:
    """Store the account and its letter; False, with the error at its field, if the name is gone.

    All three cases hash a password, write a row and send a letter to the address, so that none
    can be told from the others by what it says or how long it takes.
    """
    user = User.with_email(form.email.data or "")
    try:
        if user is None:
            user, is_new = _make_user(form), True
        else:
            is_new = _replace_registration(user, form)
        db.session.flush()
    except IntegrityError:  # somebody took the name, or the address, a moment ago
        db.session.rollback()
        form.username.errors = [gettext("This name is taken. Please choose another.")]
        return False
    if is_new:
        email.send_confirmation(user)
    else:
        email.send_already_registered(user.email, user)
    db.session.commit()
    return True


def _make_user(form: RegistrationForm) -> User:
    user = User(
        email=form.email.data,
        username=form.username.data,
        password=form.password.data,
        locale=str(get_locale()),
    )
    db.session.add(user)
    return user


def _replace_registration(user: User, form: RegistrationForm) -> bool:
    """Replace a registration that nobody confirmed; False if there is an account already."""
    username, password = str(form.username.data), str(form.password.data)
    if user.confirmed:
        waste_a_password_check(password)
    elif user.register_again(username, password, str(get_locale())):
        return True
    # Take the name as a registration would; if it stayed free, that would give the account away.
    user.hold_username(username)
    return False


def _address() -> str | None:
    if current_user.is_authenticated:
        return str(current_user.email)
    return session.get(SENT_TO)


def _unconfirmed_page(form: EmailForm) -> str:
    return render_template("auth/unconfirmed.html", form=form, sent_to=session.get(SENT_TO))


def _dead_link() -> ResponseReturnValue:
    return render_template("auth/bad_link.html", purpose="confirm"), 400
