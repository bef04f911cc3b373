"""Logging in and out, deleting one's account, and the access of unconfirmed users."""

import time
from datetime import timedelta
from typing import Any

from flask import (
    Flask,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import (
    current_user,
    login_required,
    login_user,
    logout_user,
    user_logged_in,
    user_logged_out,
)

from ..api_requests import is_api_request
from ..deletion import delete_user
from ..devices import current_device
from ..extensions import db, login_manager
from ..known_browsers import failed_logins, is_known_browser
from ..mail import messages
from ..metrics.definitions import FAILED_LOGINS
from ..models import Authenticator, LoginSession, SecurityEvent, User
from ..security.redirects import is_safe_redirect, redirect_target
from . import auth, limits
from .forms import DeleteAccountForm, LoginForm

# Endpoints open to accounts that must confirm or set up something first; None: no such page.
ALWAYS_OPEN = {"static", "bootstrap.static", None}
ALWAYS_OPEN |= {f"main.{name}" for name in ("preferences", "privacy", "terms", "upload")}

# What the session keeps: messages, and what Flask-Login is to do with the remember-me cookie.
KEPT = {"_flashes", "_remember", "_remember_seconds"}

# The login of a user who has not sent the code of their second factor yet, in the session.
PENDING, PENDING_LIFETIME = "pending_login", timedelta(minutes=10)


@login_manager.user_loader
def load_user(secret: str) -> User | None:
    """Return the user of the login session whose secret is in a cookie, or None; one query."""
    found = LoginSession.authenticate(secret)
    if found is None:
        return None
    user, g.credential = found
    return user


@user_logged_in.connect
def start_session(_app: Flask, user: User) -> None:
    """Add a login session, and put its secret into the cookies that Flask-Login sets."""
    remember, columns = session.get("_remember") == "set", g.pop("session_columns", {})
    session["_user_id"] = LoginSession.issue(user, remember, **columns)
    user.ping()


@user_logged_out.connect
def end_session(_app: Flask, user: User) -> None:
    """Delete the login session, so that copies of its cookies are worthless; empty the session."""
    for name in session.keys() - KEPT:
        del session[name]
    g.pop("csrf_token", None)  # of this request, by Flask-WTF
    credential = g.pop("credential", None)
    if credential is not None:
        LoginSession.revoke(user, credential.id)


def is_always_open() -> bool:
    """Return True if the request is not stopped by `redirect_unconfirmed()` and others."""
    is_open = request.endpoint in ALWAYS_OPEN or request.blueprint == "site_files"
    return is_open or is_api_request()


@auth.before_app_request
def redirect_unconfirmed() -> ResponseReturnValue | None:
    """Redirect unconfirmed users to the page that offers a new confirmation email."""
    if is_always_open() or request.blueprint == "auth":
        return None
    if not current_user.is_authenticated or current_user.confirmed:
        return None
    return redirect(url_for("auth.unconfirmed"))


@login_manager.unauthorized_handler
def redirect_to_login() -> ResponseReturnValue:
    """Redirect to the login page, and back afterwards if the endpoint accepts GET."""
    flash(gettext("Please log in to continue."))
    methods = request.url_rule.methods if request.url_rule else None
    target = request.full_path.rstrip("?") if "GET" in (methods or ()) else None
    return redirect(url_for("auth.login", next=target))


@auth.route("/login", methods=["GET", "POST"])
@failed_logins
@limits.password_attempts
def login() -> ResponseReturnValue:
    """Log in. The error does not reveal whether the address has an account.

    Unconfirmed accounts fail like unknown ones: otherwise registering an address and logging in
    would reveal whether it already had an account.
    """
    form = LoginForm()
    if form.validate_on_submit():
        user = User.authenticate(form.email.data or "", form.password.data or "")
        if user is not None:
            target = start_login(user, form.remember_me.data)
            db.session.commit()
            return redirect(target)
        FAILED_LOGINS.inc()
        form.form_errors.append(gettext("Incorrect email or password, or email not confirmed."))
    return render_template("auth/login.html", form=form)


@auth.post("/logout")
@login_required
def logout() -> ResponseReturnValue:
    """Log out."""
    logout_user()
    db.session.commit()
    flash(gettext("You have been logged out."))
    return redirect(url_for("main.index"))


@auth.route("/delete-account", methods=["GET", "POST"])
@limits.password_attempts
@login_required
def delete_account() -> ResponseReturnValue:
    """Delete the account of the current user and all its content."""
    if current_user.is_administrator():
        abort(
            403,
            gettext("Administrators can’t delete their own accounts. Ask another administrator."),
        )
    form = DeleteAccountForm()
    if form.validate_on_submit():
        user = current_user._get_current_object()
        logout_user()
        delete_user(user)
        db.session.commit()
        flash(gettext("Your account has been deleted."), "success")
        return redirect(url_for("main.index"))
    return render_template("auth/delete_account.html", form=form)


def start_login(user: User, remember: bool = False) -> str:
    """Log in a user whose password was right, or let them enter a code; return the next URL.

    Until they have entered the code, they are not logged in, and who was remains so.
    """
    if not Authenticator.is_required(user):
        complete_login(user, remember)
        return redirect_target()
    expires = int(time.time() + PENDING_LIFETIME.total_seconds())
    session[PENDING] = [user.id, user.security_stamp, remember, expires]
    target = request.args.get("next", "")
    return url_for("auth.login_code", next=target if is_safe_redirect(target) else None)


def pending_login() -> tuple[User, bool] | None:
    """Return the user who has to enter a code, and whether to remember them, or None.

    A new password or email address ends the login.
    """
    user_id, stamp, remember, expires = session.get(PENDING) or (0, "", False, 0)
    user = db.session.get(User, user_id) if expires > time.time() else None
    is_valid = user is not None and user.security_stamp == stamp and user.confirmed
    return (user, remember) if user is not None and is_valid else None


def complete_login(user: User, remember: bool = False, **columns: Any) -> None:
    """Log in `user`, record it, and email them if the account is new to this device.

    `columns` are those of `LoginSession.issue`.
    """
    device, is_known = current_device(), is_known_browser(user.email)
    is_new = not is_known and SecurityEvent.is_new_device(user, *device)
    log_in(user, remember, **columns)
    SecurityEvent.record(user, "login_new_device" if is_new else "login")
    if is_new:
        messages.send_new_device(user, device)


def log_in(user: User, remember: bool = False, **columns: Any) -> None:
    """Log in `user`; log out who was logged in with this browser.

    `columns` are those of `LoginSession.issue`. The session starts empty: otherwise, someone who
    has set its cookie in this browser would know the CSRF token. It stays if it is that of `user`,
    so that forms in other tabs remain valid.
    """
    is_same = current_user.is_authenticated and current_user.id == user.id
    before = dict(session) if is_same else {}
    logout_user()
    g.session_columns = columns
    login_user(user, remember=remember)
    session.update({name: before[name] for name in before.keys() - session.keys()})


def stay_logged_in(**columns: Any) -> None:
    """Renew this session and its remember cookie after all sessions of the user were ended."""
    cookie = current_app.config["REMEMBER_COOKIE_NAME"]
    kept = {name: getattr(g.credential, name) for name in ("timestamp", "second_factor")}
    user = current_user._get_current_object()
    log_in(user, remember=cookie in request.cookies, **(kept | columns))
