"""Logging in with an account at an OpenID Connect issuer, and linking it.

An account at the issuer proves nothing about an account here: it is linked by the password, or by
a user who has logged in. Afterwards its subject, not its email address, identifies it.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_login import current_user, login_required
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from ..extensions import db
from ..forms import USERNAME_TAKEN, ConfirmForm
from ..mail import messages
from ..metrics.definitions import FAILED_LOGINS
from ..models import Identity, SecurityEvent, User
from ..models.email_address import InvalidEmailAddress, normalize
from ..security import openid
from ..security.redirects import is_safe_redirect
from . import auth, limits
from .forms import LinkIdentityForm, OpenIDRegistrationForm
from .reauthentication import recent_login_required
from .session import PENDING, start_login

CLAIMS, NEXT = "openid_claims", "openid_next"  # in the session
LIFETIME = 10 * 60  # seconds to enter a password or to choose a username

auth.add_app_template_global(openid.is_enabled, "openid_is_enabled")
auth.add_app_template_global(openid.issuer_name, "openid_name")


def issuer_required(view: Callable[..., ResponseReturnValue]) -> Any:
    """Return 404 if no issuer is configured."""

    @wraps(view)
    def wrapper() -> ResponseReturnValue:
        return view() if openid.is_enabled() else abort(404)

    return wrapper


@auth.get("/openid")
@issuer_required
@limits.openid_requests
def openid_start() -> ResponseReturnValue:
    """Redirect to the issuer."""
    target = request.args.get("next", "")
    session[NEXT] = target if is_safe_redirect(target) else ""
    try:
        return redirect(openid.authorization_url(messages.site_url("auth.openid_callback")))
    except openid.OpenIDError as error:
        return _failed(error.reason)


@auth.get("/openid/callback")
@issuer_required
@limits.openid_requests
def openid_callback() -> ResponseReturnValue:
    """Log in the user of the account, or ask who it belongs to."""
    try:
        claims = openid.fetch_claims()
    except openid.OpenIDError as error:
        return _failed(error.reason)
    session.pop(CLAIMS, None)
    user = Identity.find_user(openid.issuer(), claims.subject)
    if user is not None and not current_user.is_authenticated:
        return _log_in(user) if user.confirmed and user.is_active else _failed("closed")
    try:
        email = normalize(claims.email)
    except InvalidEmailAddress:
        return _failed("unverified")
    if not claims.email_verified:
        return _failed("unverified")
    session[CLAIMS] = [openid.issuer(), claims.subject, email, int(time.time()) + LIFETIME]
    if current_user.is_authenticated:
        return redirect(url_for(".link_identity"))
    is_known = User.find_by_email(email) is not None
    return redirect(url_for(".openid_password" if is_known else ".openid_register"))


@auth.route("/openid/password", methods=["GET", "POST"])
@issuer_required
@limits.password_attempts
def openid_password() -> ResponseReturnValue:
    """Link the account at the issuer to the account here with the same address, and log in.

    The issuer has verified that the visitor owns the address, so this page may know the account.
    """
    subject, email = _claims()
    form = LinkIdentityForm()
    if form.validate_on_submit():
        user = User.authenticate(email, form.password.data or "")
        if user is not None:
            return _link(user, subject, email, is_new=False) or _log_in(user)
        FAILED_LOGINS.inc()
        form.password.errors = [gettext("Incorrect password.")]
    return render_template("auth/openid_password.html", form=form, email=email)


@auth.route("/openid/register", methods=["GET", "POST"])
@issuer_required
@limits.registrations
def openid_register() -> ResponseReturnValue:
    """Create an account with the verified address."""
    subject, email = _claims()
    form = OpenIDRegistrationForm(email)
    if form.validate_on_submit():
        user = _create_user(form, email)
        if user is not None:
            messages.send_new_user(user)
            return _link(user, subject, email, is_new=True) or _log_in(user)
    return render_template("auth/openid_register.html", form=form, email=email)


@auth.route("/identity/link", methods=["GET", "POST"])
@issuer_required
@recent_login_required
def link_identity() -> ResponseReturnValue:
    """Let a user confirm that the account at the issuer is theirs.

    Without this, someone could log a browser in to an account of their own at the issuer.
    """
    subject, email = _claims()
    form = ConfirmForm()
    if form.validate_on_submit():
        user = current_user._get_current_object()
        failed = _link(user, subject, email, is_new=False)
        if failed is None:
            db.session.commit()
            flash(gettext("%(name)s has been linked.", name=openid.issuer_name()), "success")
        return failed or redirect(url_for(".identity"))
    return render_template("auth/link_identity.html", form=form, email=email)


@auth.get("/identity")
@issuer_required
@login_required
def identity() -> ResponseReturnValue:
    """Show the linked account."""
    row = Identity.of(current_user, openid.issuer())
    return render_template("auth/identity.html", identity=row)


@auth.post("/identity/removal")
@issuer_required
@recent_login_required
def remove_identity() -> ResponseReturnValue:
    """Unlink the account; the password of the account here remains."""
    if Identity.remove(current_user, openid.issuer()):
        SecurityEvent.record(current_user, "identity_removed", openid.issuer_name())
        messages.send_security_change(current_user, "identity_removed")
    db.session.commit()
    flash(gettext("%(name)s has been unlinked.", name=openid.issuer_name()), "success")
    return redirect(url_for(".identity"))


def _claims() -> tuple[str, str]:
    """Return the subject and the email address of a login that is to be completed."""
    issuer, subject, email, expires = session.get(CLAIMS) or ("", "", "", 0)
    if issuer != openid.issuer() or expires < time.time():
        abort(_failed(openid.EXPIRED))
    return subject, email


def _link(user: User, subject: str, email: str, *, is_new: bool) -> Response | None:
    """Link the account, and record it; return the error page if that is not possible.

    Notify the user, unless their account here `is_new`.
    """
    session.pop(CLAIMS, None)
    if not Identity.add(user, openid.issuer(), subject, email):
        db.session.rollback()
        return _failed("taken")
    SecurityEvent.record(user, "identity_added", openid.issuer_name())
    if not is_new:
        messages.send_security_change(user, "identity_added")
    return None


def _log_in(user: User) -> ResponseReturnValue:
    """Log in, or ask for the code of the second factor: the issuer may not have asked for one."""
    target = session.pop(NEXT, "")
    url = start_login(user)
    db.session.commit()
    if PENDING in session:
        return redirect(url_for(".login_code", next=target or None))
    return redirect(request.script_root + target if target else url)


def _create_user(form: OpenIDRegistrationForm, email: str) -> User | None:
    """Add a confirmed user; return None and set a field error if the name has been taken."""
    columns = {"email": email, "username": form.username.data, "password": form.password.data}
    user = User(confirmed=True, locale=str(get_locale()), **columns)
    db.session.add(user)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        form.username.errors = [USERNAME_TAKEN]
        return None
    return user


def _failed(reason: str) -> Response:
    """Say why, on the page from which the user came."""
    name = openid.issuer_name()
    texts = {
        openid.DENIED: gettext("You did not allow %(name)s to log you in.", name=name),
        openid.EXPIRED: gettext("Your login with %(name)s has expired. Try again.", name=name),
        openid.FAILED: gettext("Logging in with %(name)s failed. Try again later.", name=name),
        "unverified": gettext(
            "%(name)s has not verified your email address. Verify it there first.", name=name
        ),
        "closed": gettext("The account that is linked to %(name)s cannot log in.", name=name),
        "taken": gettext("%(name)s is linked already, here or to another account.", name=name),
    }
    flash(texts[reason], "danger")
    return redirect(url_for(".identity" if current_user.is_authenticated else ".login"))
