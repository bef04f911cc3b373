"""Logging in and out, deleting one's account, and the access of unconfirmed users."""

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
from ..extensions import db, login_manager
from ..known_browsers import failed_logins
from ..metrics.definitions import FAILED_LOGINS
from ..models import LoginSession, User
from ..security.redirects import redirect_target
from . import auth, limits
from .forms import DeleteAccountForm, LoginForm

# Endpoints open to accounts that an administrator has unconfirmed; None: there is no such page.
OPEN_TO_UNCONFIRMED = {"main.preferences", "static", "bootstrap.static", None}


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
    session["_user_id"] = LoginSession.issue(user, remember=session.get("_remember") == "set")
    user.ping()


@user_logged_out.connect
def end_session(_app: Flask, user: User) -> None:
    """Delete the login session, so that copies of its cookies are worthless."""
    credential = g.pop("credential", None)
    if credential is not None:
        LoginSession.revoke(user, credential.id)


@auth.before_app_request
def redirect_unconfirmed() -> ResponseReturnValue | None:
    """Redirect unconfirmed users to the page that offers a new confirmation email."""
    if request.endpoint in OPEN_TO_UNCONFIRMED or request.blueprint == "auth" or is_api_request():
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
            log_in(user, remember=form.remember_me.data)
            db.session.commit()
            return redirect(redirect_target())
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


def log_in(user: User, remember: bool = False) -> None:
    """Log in `user`; log out who was logged in with this browser."""
    logout_user()
    login_user(user, remember=remember)


def stay_logged_in() -> None:
    """Renew this session and its remember cookie after all sessions of the user were ended."""
    cookie = current_app.config["REMEMBER_COOKIE_NAME"]
    log_in(current_user._get_current_object(), remember=cookie in request.cookies)
