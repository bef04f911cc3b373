"""The second step of a login: a code of the authenticator app, or a recovery code."""

from flask import flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_login import current_user

from ..extensions import db
from ..known_browsers import check_code
from ..metrics.definitions import FAILED_LOGINS
from ..models import Passkey, RecoveryCode, SecurityEvent
from ..security.redirects import redirect_target
from . import auth, limits
from .forms import CodeForm
from .session import PENDING, complete_login, is_always_open, pending_login

# Endpoints open to users whose role requires a second factor, but who have logged in without.
OPEN_WITHOUT = {
    "auth.set_up_two_factor",
    "auth.reauthenticate",
    "auth.login",
    "auth.login_code",
    "auth.log_in_with_passkey",
    "auth.logout",
}


@auth.before_app_request
def require_second_factor() -> ResponseReturnValue | None:
    """Let users set up a second factor if their role requires one (TWO_FACTOR_ROLES)."""
    if is_always_open() or request.endpoint in OPEN_WITHOUT or not current_user.is_authenticated:
        return None
    if g.credential.second_factor or not current_user.requires_two_factor():
        return None
    flash(gettext("Your role requires two-factor authentication. Set it up to continue."))
    return redirect(url_for("auth.set_up_two_factor"))


@auth.route("/login/code", methods=["GET", "POST"])
@limits.password_attempts
def login_code() -> ResponseReturnValue:
    """Ask a user whose password was right for a code, and log in."""
    pending, form = pending_login(), CodeForm()
    if pending is None:
        flash(gettext("Your login has expired. Log in again."))
        return redirect(url_for(".login"))
    user, remember = pending
    if form.validate_on_submit():
        codes = RecoveryCode.count(user)
        if check_code(user, form.code.data or ""):
            session.pop(PENDING)
            complete_login(user, remember, second_factor=True)
            left = RecoveryCode.count(user)
            if left < codes:
                SecurityEvent.record(user, "recovery_code_used")
                flash(recovery_code_used(left))
            db.session.commit()
            return redirect(redirect_target())
        FAILED_LOGINS.inc()
        form.code.errors = [gettext("Wrong or already used code. Enter the current one.")]
    options = Passkey.login_options(user) if Passkey.of(user) else None
    return render_template(
        "auth/login_code.html", form=form, passkey_options=options, remember=remember
    )


def recovery_code_used(left: int) -> str:
    """Return how many recovery codes are left."""
    text: str = ngettext(
        "You used a recovery code. %(num)d is left.",
        "You used a recovery code. %(num)d are left.",
        left,
    )
    return text
