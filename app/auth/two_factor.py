"""Switching two-factor authentication on and off, and new recovery codes."""

from importlib import import_module

from flask import after_this_request, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required
from markupsafe import Markup

from ..extensions import db
from ..forms import ConfirmForm
from ..mail import messages
from ..models import Authenticator, LoginSession, RecoveryCode, SecurityEvent
from ..security import totp
from ..security.cache_control import no_store
from ..security.encryption import DecryptionError, decrypt, encrypt
from . import auth
from .forms import SetUpTwoFactorForm
from .reauthentication import recent_login_required
from .session import stay_logged_in

SETUP, MAX_AGE = "two-factor setup", 3600  # seconds


@auth.get("/two-factor")
@login_required
def two_factor() -> ResponseReturnValue:
    """Show whether two-factor authentication is on."""
    authenticator = Authenticator.find(current_user)
    codes_left = RecoveryCode.count(current_user) if authenticator else 0
    return render_template(
        "auth/two_factor.html", authenticator=authenticator, codes_left=codes_left
    )


@auth.route("/two-factor/setup", methods=["GET", "POST"])
@recent_login_required
def set_up_two_factor() -> ResponseReturnValue:
    """Show a new secret; switch two-factor authentication on when its first code is sent.

    Until then the secret is in the form, encrypted.
    """
    if Authenticator.find(current_user):
        return redirect(url_for(".two_factor"))
    form = SetUpTwoFactorForm()
    secret = _submitted_secret(form)
    if form.validate_on_submit():
        user = current_user._get_current_object()
        if secret and Authenticator.add(user, secret, form.code.data or ""):
            SecurityEvent.record(current_user, "two_factor_enabled")
            _end_sessions(second_factor=True)
            return _show_new_codes()
        wrong = gettext("Wrong code. Check that the clock of your device is right, and try again.")
        expired = gettext("This page has expired. Scan the new QR code.")
        form.code.errors = [wrong if secret else expired]
    secret = secret or totp.new_secret()
    form.secret.data = encrypt(SETUP, f"{current_user.id}:{secret}")
    after_this_request(no_store)
    return render_template(
        "auth/two_factor_setup.html", form=form, secret=secret, qr_code=_qr_code(secret)
    )


@auth.post("/two-factor/recovery-codes")
@recent_login_required
def replace_recovery_codes() -> ResponseReturnValue:
    """Replace the recovery codes, and show the new ones."""
    if Authenticator.find(current_user) is None:
        return redirect(url_for(".two_factor"))
    SecurityEvent.record(current_user, "recovery_codes_replaced")
    return _show_new_codes()


@auth.route("/two-factor/removal", methods=["GET", "POST"])
@recent_login_required
def remove_two_factor() -> ResponseReturnValue:
    """Switch two-factor authentication off after confirmation."""
    form = ConfirmForm()
    if not form.validate_on_submit():
        return render_template("auth/remove_two_factor.html", form=form)
    Authenticator.remove(current_user)
    SecurityEvent.record(current_user, "two_factor_disabled")
    messages.send_security_change(current_user, "two_factor_disabled")
    _end_sessions(second_factor=False)
    db.session.commit()
    flash(gettext("Two-factor authentication is off."), "success")
    return redirect(url_for(".two_factor"))


def _submitted_secret(form: SetUpTwoFactorForm) -> str | None:
    """Return the secret that the form has shown to this user, or None."""
    try:
        user_id, secret = decrypt(SETUP, form.secret.data or "", MAX_AGE).split(":")
    except DecryptionError:
        return None
    return secret if user_id == str(current_user.id) else None


def _end_sessions(second_factor: bool) -> None:
    """End all sessions of the user but this one, which had a second factor or not."""
    LoginSession.revoke(current_user)
    stay_logged_in(second_factor=second_factor)


def _show_new_codes() -> ResponseReturnValue:
    """Commit new recovery codes, and show them once."""
    codes = RecoveryCode.replace(current_user)
    db.session.commit()
    after_this_request(no_store)
    return render_template("auth/recovery_codes.html", codes=codes)


def _qr_code(secret: str) -> Markup:
    """Return an SVG image; its module is imported when it is used."""
    uri = totp.provisioning_uri(secret, current_user.email, "Flasky")
    image = import_module("segno").make(uri, error="m", micro=False)
    svg: str = image.svg_inline(scale=4, light="#fff", svgclass="qr-code", lineclass=None)
    return Markup(svg)  # noqa: S704 - of numbers only
