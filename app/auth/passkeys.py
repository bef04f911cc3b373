"""Passkeys: listing, adding, renaming and removing them, and logging in with one."""

from flask import abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from ..extensions import db
from ..mail import messages
from ..metrics.definitions import FAILED_LOGINS
from ..models import Passkey, SecurityEvent, TooManyPasskeys
from ..security import webauthn
from ..security.redirects import is_safe_redirect, redirect_target
from . import auth, limits
from .forms import AddPasskeyForm, PasskeyLoginForm, RenamePasskeyForm
from .reauthentication import recent_login_required
from .session import PENDING, complete_login

auth.add_app_template_global(Passkey.login_options, "passkey_login_options")
auth.add_app_template_global(webauthn.is_available, "passkeys_are_available")


@auth.get("/passkeys")
@login_required
def passkeys() -> ResponseReturnValue:
    """List the passkeys of the account."""
    return render_template("auth/passkeys.html", passkeys=Passkey.of(current_user))


@auth.route("/passkeys/new", methods=["GET", "POST"])
@recent_login_required
def add_passkey() -> ResponseReturnValue:
    """Add a passkey that the browser has created."""
    form = AddPasskeyForm()
    if form.validate_on_submit():
        user, name = current_user._get_current_object(), form.name.data or ""
        try:
            if Passkey.add(user, name, form.credential.data or ""):
                SecurityEvent.record(user, "passkey_added", name)
                messages.send_security_change(user, "passkey_added")
                db.session.commit()
                flash(gettext("The passkey has been added."), "success")
                return redirect(url_for(".passkeys"))
            form.form_errors.append(gettext("The passkey was not accepted. Try again."))
        except TooManyPasskeys:
            form.form_errors.append(gettext("You have too many passkeys. Remove one first."))
        db.session.rollback()
    options = Passkey.creation_options(current_user)
    return render_template("auth/add_passkey.html", form=form, options=options)


@auth.route("/passkeys/<id:id>", methods=["GET", "POST"])
@recent_login_required
def edit_passkey(id: int) -> ResponseReturnValue:
    """Rename a passkey."""
    passkey = Passkey.find(current_user, id) or abort(404)
    form = RenamePasskeyForm(obj=passkey)
    if form.validate_on_submit():
        passkey.name = form.name.data or ""
        db.session.commit()
        flash(gettext("The passkey has been renamed."), "success")
        return redirect(url_for(".passkeys"))
    return render_template("auth/edit_passkey.html", form=form, passkey=passkey)


@auth.post("/passkeys/<id:id>/removal")
@recent_login_required
def remove_passkey(id: int) -> ResponseReturnValue:
    """Remove a passkey; ignore one that no longer exists."""
    passkey = Passkey.find(current_user, id)
    if passkey is not None:
        db.session.delete(passkey)
        SecurityEvent.record(current_user, "passkey_removed", passkey.name)
        db.session.commit()
    flash(gettext("The passkey has been removed."), "success")
    return redirect(url_for(".passkeys"))


@auth.post("/login/passkey")
@limits.password_attempts
def log_in_with_passkey() -> ResponseReturnValue:
    """Log in with a passkey, which verifies the user: no code is required."""
    form = PasskeyLoginForm()
    user = Passkey.authenticate(form.credential.data or "") if form.validate() else None
    if user is not None:
        session.pop(PENDING, None)
        complete_login(user, form.remember_me.data, second_factor=True)
        db.session.commit()
        return redirect(redirect_target())
    FAILED_LOGINS.inc()
    flash(gettext("The passkey was not accepted. Try again, or log in with your password."))
    target = request.form.get("next", "")
    return redirect(url_for(".login", next=target if is_safe_redirect(target) else None))
