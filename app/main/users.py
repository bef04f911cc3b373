"""Profiles: viewing them, editing one's own, and the administration of accounts."""

from operator import attrgetter
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required, login_user
from sqlalchemy.exc import IntegrityError

from ..deletion import delete_user
from ..extensions import db
from ..mail import messages
from ..models import (
    EmailChange,
    FormerUsername,
    Permission,  # demo-only
    Post,  # demo-only
    Profile,
    Role,
    SecurityEvent,
    Target,
    User,
    lock_row,
    slices,  # demo-only
)
from ..models.hidden_user import BLOCK  # demo-only
from ..pagination import Page  # demo-only
from ..permissions import (
    admin_required,
    can_view,
    hides_users,  # demo-only
)
from . import main
from .forms import AdminProfileForm, AvatarForm, DeleteUserForm, ProfileForm, too_large
from .posts import post_page  # demo-only
from .reports import report_page

PROFILE_FIELDS = ("name", "location", "about_me")


@main.get("/user/<username>")
def user(username: str) -> ResponseReturnValue:
    """Show a profile; redirect from a former username."""
    profile = Profile.find(
        username,
        current_user_id=getattr(current_user, "id", None),  # demo-only
        hides_for_id=current_user.id if hides_users() else None,  # demo-only
    )
    if profile is None:
        current = FormerUsername.find_user(username)
        if current is not None and can_view(current):
            return redirect(url_for(".user", username=current.username))
    if profile is None or not can_view(profile.user):
        abort(404)
    return render_template(
        "users/user.html",
        page=_posts(profile),  # demo-only
        **profile._asdict(),
    )


@main.route("/edit-profile", methods=["GET", "POST"])
@login_required
def edit_profile() -> ResponseReturnValue:
    """Edit the profile of the current user."""
    form = ProfileForm(obj=current_user)
    if form.validate_on_submit():
        current_user.update_profile(**{name: form[name].data for name in PROFILE_FIELDS})
        db.session.commit()
        flash(gettext("Your profile has been updated."), "success")
        return redirect(url_for(".user", username=current_user.username))
    avatar_form = AvatarForm(formdata=None)
    if request.args.get("avatar") == "too-large":  # see avatars.py
        avatar_form.picture.errors = [too_large()]
    return edit_profile_page(form, avatar_form)


def edit_profile_page(form: ProfileForm, avatar_form: AvatarForm) -> ResponseReturnValue:
    """Return the page with the forms for the profile and the avatar of the current user."""
    return render_template("users/edit_profile.html", form=form, avatar_form=avatar_form)


@main.route("/edit-profile/<id:id>", methods=["GET", "POST"])
@admin_required
def edit_profile_admin(id: int) -> ResponseReturnValue:
    """Edit any account, as an administrator."""
    user = db.get_or_404(User, id)
    if not can_view(user):
        abort(404)
    form = AdminProfileForm(user)
    if form.validate_on_submit() and _save_account(user, form):
        flash(gettext("The profile has been updated."), "success")
        return redirect(url_for(".user", username=user.username))
    db.session.refresh(user)  # the heading shows the stored username
    return render_template("users/edit_profile_admin.html", user=user, form=form)


@main.route("/user/<username>/deletion", methods=["GET", "POST"], endpoint="delete_user")
@admin_required
def delete_user_account(username: str) -> ResponseReturnValue:
    """Delete an account and its content, as an administrator who types the username."""
    user = get_user_or_404(username)
    if user.id == current_user.id:
        abort(
            400,
            gettext("Administrators can’t delete their own accounts. Ask another administrator."),
        )
    form = DeleteUserForm(user)
    if form.validate_on_submit():
        lock_accounts(user)
        SecurityEvent.record_action(current_user, "user_deleted", user)
        delete_user(user)
        db.session.commit()
        flash(gettext("The account has been deleted."), "success")
        return redirect(url_for(".index"))
    return render_template("users/delete.html", user=user, form=form)


@main.route("/user/<username>/report", methods=["GET", "POST"])
@login_required
def report_user(username: str) -> ResponseReturnValue:
    """Report an account to the moderators."""
    user = get_user_or_404(username)
    target, url = Target("user", user.id, user.id), url_for(".user", username=user.username)
    return report_page(target, user.username, url)


def get_user_or_404(username: str) -> User:
    """Return the user with this username; abort with 404 if the current user cannot see it."""
    user = User.find_by_username(username)
    if user is None or not can_view(user):
        abort(404)
    return user


def lock_accounts(user: User) -> None:
    """Lock both accounts, and check again that the current user is an administrator.

    Otherwise two administrators could demote or delete each other at the same moment.
    """
    administrator = current_user._get_current_object()
    for account in sorted({administrator, user}, key=attrgetter("id")):  # avoids deadlocks
        if not lock_row(account) or account.deleted_at is not None:
            abort(404)
    is_active = administrator.confirmed and administrator.is_active
    if not (is_active and administrator.is_administrator()):
        abort(403)


# demo-only: begin
def _posts(profile: Profile) -> Page | None:
    """Return the posts on a profile; None after a block, except for moderators."""
    is_block = profile.hidden_as == BLOCK or profile.has_blocked_me
    if is_block and not current_user.can(Permission.MODERATE):
        return None
    return post_page(slices(Post.rows(), author_id=profile.user.id))


# demo-only: end


def _save_account(user: User, form: AdminProfileForm) -> bool:
    """Save the form; return False and set a field error if the name or email is taken."""
    lock_accounts(user)
    before = _audited(user)
    old_email = user.email
    email_changed = old_email != form.email.data
    if email_changed:
        user.renew_security_stamp()  # invalidates links sent to the old address
    for field in (form.email, form.username, form.confirmed):
        field.populate_obj(user, field.name)
    user.role = db.session.get(Role, form.role.data)
    user.update_profile(**{name: form[name].data for name in PROFILE_FIELDS})
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        form.username.errors = [gettext("This username or email address is already in use.")]
        return False
    if email_changed:
        _record_email_change(user, old_email)
    _record_changes(user, before)
    db.session.commit()
    return True


def _audited(user: User) -> dict[str, Any]:
    """Return the values whose changes are in the audit log, by the name of the event."""
    return {
        "email_changed": user.email,
        "username_changed": user.username,
        "role_changed": user.role and user.role.name,
        "confirmed" if user.confirmed else "unconfirmed": True,
        "profile_edited": [getattr(user, field) for field in PROFILE_FIELDS],
    }


def _record_changes(user: User, before: dict[str, Any]) -> None:
    """Add what the current user has changed to the audit log."""
    for name, value in _audited(user).items():
        if before.get(name) != value:
            shown = name in {"username_changed", "role_changed"}
            detail = f"{before[name]} → {value}" if shown else ""
            SecurityEvent.record_action(current_user, name, user, detail)


def _record_email_change(user: User, old_email: str) -> None:
    """Notify the old address; it can undo a change by its owner, but not one by another user."""
    change = None
    if user == current_user:
        change = EmailChange.record(user, old_email)
        login_user(user)  # keeps the current session
    else:
        EmailChange.delete_all(user)
    messages.send_email_changed(user, old_email, change)
