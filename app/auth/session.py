"""Logging in and out, and who may stay."""

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required, login_user, logout_user

from ..audience import is_for_programs
from ..extensions import db, limiter, login_manager
from ..limits import LOGIN
from ..meters import LOGINS_FAILED
from ..models import User, delete_user
from ..security import redirect_target
from . import auth
from .forms import DeleteAccountForm, LoginForm

login_manager.user_loader(User.from_session)

# Where an account whose confirmation was taken back by an administrator may still go.
OPEN_TO_UNCONFIRMED = {"main.preferences", "static", "bootstrap.static"}


@auth.before_app_request
def hold_unconfirmed() -> ResponseReturnValue | None:
    """Send an account that is not confirmed to the page that says what to do."""
    if request.endpoint is None or request.blueprint == "auth" or is_for_programs():
        return None
    if request.endpoint in OPEN_TO_UNCONFIRMED or not current_user.is_authenticated:
        return None
    return None if current_user.confirmed else redirect(url_for("auth.unconfirmed"))


@login_manager.unauthorized_handler
def ask_to_log_in() -> ResponseReturnValue:
    """Ask who this is, and come back afterwards to what was asked for, if a link leads there."""
    flash(gettext("Please log in first."))
    methods = request.url_rule.methods if request.url_rule else None
    target = request.full_path.rstrip("?") if "GET" in (methods or ()) else None
    return redirect(url_for("auth.login", next=target))


@auth.route("/login", methods=["GET", "POST"])
@limiter.limit(LOGIN, methods=["POST"])
def login() -> ResponseReturnValue:
    """Log in. What is said about a failure is the same whether the address is known or not.

    An account whose address is not confirmed fails like an unknown one: otherwise registering a
    stranger's address and then logging in would tell whether the stranger had an account.
    """
    form = LoginForm()
    if form.validate_on_submit():
        user = User.with_credentials(form.email.data or "", form.password.data or "")
        if user is not None:
            login_user(user, remember=form.remember_me.data)
            db.session.commit()
            return redirect(redirect_target())
        LOGINS_FAILED.inc()
        flash(gettext("Wrong address or password, or the address is not confirmed yet."), "danger")
    return render_template("auth/login.html", form=form)


@auth.post("/logout")
@login_required
def logout() -> ResponseReturnValue:
    """Log out."""
    logout_user()
    flash(gettext("You have been logged out."))
    return redirect(url_for("main.index"))


@auth.route("/delete-account", methods=["GET", "POST"])
@limiter.limit(LOGIN, methods=["POST"])
@login_required
def delete_account() -> ResponseReturnValue:
    """Let people leave, with everything they wrote."""
    if current_user.is_administrator():
        abort(403, gettext("Let another administrator take the role from you first."))
    form = DeleteAccountForm()
    if form.validate_on_submit():
        delete_user(current_user._get_current_object())
        logout_user()
        db.session.commit()
        flash(gettext("Your account has been deleted. Good-bye!"), "success")
        return redirect(url_for("main.index"))
    return render_template("auth/delete_account.html", form=form)


def stay_logged_in(user: User) -> None:
    """Keep this browser's session, and “keep me logged in”, when all others have just ended."""
    cookie = current_app.config["REMEMBER_COOKIE_NAME"]
    login_user(user, remember=cookie in request.cookies)
