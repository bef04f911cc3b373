"""Logging in and out, deleting one's account, and the access of unconfirmed users."""

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required, login_user, logout_user

from ..api_requests import is_api_request
from ..extensions import db, login_manager
from ..known_browsers import failed_logins
from ..metrics.definitions import FAILED_LOGINS
from ..models import User, delete_user
from ..security.redirects import redirect_target
from . import auth, limits
from .forms import DeleteAccountForm, LoginForm

login_manager.user_loader(User.find_by_session_id)

# Endpoints open to accounts that an administrator has unconfirmed; None: there is no such page.
OPEN_TO_UNCONFIRMED = {"main.preferences", "static", "bootstrap.static", None}


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
            login_user(user, remember=form.remember_me.data)
            db.session.commit()
            return redirect(redirect_target())
        FAILED_LOGINS.inc()
        flash(gettext("Incorrect email or password, or email not confirmed."), "danger")
    return render_template("auth/login.html", form=form)


@auth.post("/logout")
@login_required
def logout() -> ResponseReturnValue:
    """Log out."""
    logout_user()
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
        delete_user(current_user._get_current_object())
        logout_user()
        db.session.commit()
        flash(gettext("Your account has been deleted."), "success")
        return redirect(url_for("main.index"))
    return render_template("auth/delete_account.html", form=form)


def stay_logged_in() -> None:
    """Renew this session and its remember cookie after all sessions of the user were ended."""
    cookie = current_app.config["REMEMBER_COOKIE_NAME"]
    login_user(current_user._get_current_object(), remember=cookie in request.cookies)
