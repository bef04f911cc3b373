"""Profiles: reading them, editing one's own, and what administrators do with others'."""

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required, login_user
from sqlalchemy.exc import IntegrityError

from ..extensions import db
from ..models import Post, Role, User, delete_user
from ..permissions import admin_required, may_see
from . import main
from .forms import AdminProfileForm, DeleteUserForm, ProfileForm
from .posts import post_page

INTRODUCTION = ("name", "location", "about_me")


@main.get("/user/<username>")
def user(username: str) -> ResponseReturnValue:
    """Show a profile and what this person wrote."""
    profile = User.with_ties(username, getattr(current_user, "id", None))
    if profile is None or not may_see(profile.user):
        abort(404)
    page = post_page(Post.rows().where(Post.author_id == profile.user.id))
    return render_template("users/user.html", page=page, **profile._asdict())


@main.route("/edit-profile", methods=["GET", "POST"])
@login_required
def edit_profile() -> ResponseReturnValue:
    """Let people say who they are."""
    form = ProfileForm(obj=current_user)
    if form.validate_on_submit():
        current_user.introduce(**{name: form[name].data for name in INTRODUCTION})
        db.session.commit()
        flash(gettext("Your profile has been updated."), "success")
        return redirect(url_for(".user", username=current_user.username))
    return render_template("users/edit_profile.html", form=form)


@main.route("/edit-profile/<id:id>", methods=["GET", "POST"])
@admin_required
def edit_profile_admin(id: int) -> ResponseReturnValue:
    """Let an administrator change anybody's account."""
    user = db.get_or_404(User, id)
    form = AdminProfileForm(user, obj=user)
    if form.validate_on_submit() and _save_account(user, form):
        flash(gettext("The profile has been updated."), "success")
        return redirect(url_for(".user", username=user.username))
    db.session.refresh(user)  # the page names the account as it is, not as it was to become
    return render_template("users/edit_profile_admin.html", user=user, form=form)


@main.route("/user/<username>/deletion", methods=["GET", "POST"], endpoint="delete_user")
@admin_required
def delete_user_account(username: str) -> ResponseReturnValue:
    """Ask for the name once more, then delete somebody's account with all they wrote."""
    user = get_user_or_404(username)
    if user.id == current_user.id:
        abort(400, gettext("Delete your own account on its own page, with your password."))
    form = DeleteUserForm(user)
    if form.validate_on_submit():
        delete_user(user)
        db.session.commit()
        flash(gettext("The account has been deleted."), "success")
        return redirect(url_for(".index"))
    return render_template("users/delete.html", user=user, form=form)


def get_user_or_404(username: str) -> User:
    """Return the user of this name, if there is one that the reader may see."""
    user = User.with_username(username)
    if user is None or not may_see(user):
        abort(404)
    return user


def _save_account(user: User, form: AdminProfileForm) -> bool:
    """Store the form; return False, with the error at its field, when a name was just taken."""
    moved = user.email != form.email.data
    if moved:
        user.renew_security_stamp()  # links sent to the old address die
    for field in ("email", "username", "confirmed", "name", "location", "about_me"):
        value = form[field].data
        setattr(user, field, value if field == "confirmed" else value or None)
    user.role = db.session.get(Role, form.role.data)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        form.username.errors = [gettext("This name or address is taken. Please choose another.")]
        return False
    if moved and user == current_user:
        login_user(user)  # this session stays
    return True
