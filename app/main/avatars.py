"""Avatars that users upload, and the files themselves."""

from contextlib import suppress

from flask import Response, abort, current_app, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from .. import uploads
from ..deletion import replace_avatar
from ..extensions import db
from ..models import SecurityEvent
from ..permissions import can_delete
from . import main
from .forms import AvatarForm, ProfileForm
from .users import edit_profile_page, get_user_or_404

ONE_YEAR = 365 * 24 * 60 * 60  # seconds
HEADERS = {
    "Content-Disposition": "inline",
    # The files are pictures, and must not become pages even if a browser thinks they are.
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",  # for clients of the API on other sites
}


@main.get("/uploads/<upload_key:key>")
def upload(key: str) -> Response:
    """Return a file that was uploaded. It never changes, so browsers keep it."""
    g.is_static_file = True  # no session, cookies and user
    try:
        content = uploads.read(key) if uploads.is_enabled() else None
    except uploads.StorageError:
        current_app.logger.exception("An upload cannot be read.")
        abort(503)
    if content is None:
        abort(404)
    response = Response(content, mimetype="image/webp", headers=HEADERS)
    response.cache_control.public = response.cache_control.immutable = True
    response.cache_control.max_age = ONE_YEAR
    response.set_etag(key)
    response.make_conditional(request)
    return response


@main.app_url_value_preprocessor
def allow_large_body(endpoint: str | None, _values: object) -> None:
    """Let an upload be larger than other requests, before anything reads the form.

    The page of the form says that a file is too large, rather than an error page. The body is not
    read then, so its CSRF token is not either.
    """
    if endpoint != "main.avatar" or request.method != "POST" or not uploads.is_enabled():
        return
    limit = uploads.max_bytes() + current_app.config["MAX_CONTENT_LENGTH"]
    request.max_content_length = limit
    if (request.content_length or 0) > limit:
        abort(redirect(url_for(".edit_profile", avatar="too-large")))


@main.route("/edit-profile/avatar", methods=["GET", "POST"])
@login_required
def avatar() -> ResponseReturnValue:
    """Upload an avatar, with the form on the page of the profile."""
    if not uploads.is_enabled():
        abort(404)
    if request.method == "GET":  # after a login in between
        return redirect(url_for(".edit_profile"))
    form = AvatarForm()
    if form.validate_on_submit() and _save(form):
        flash(gettext("Your avatar has been changed."), "success")
        return redirect(url_for(".edit_profile"))
    return edit_profile_page(ProfileForm(formdata=None, obj=current_user), form)


@main.route("/user/<username>/avatar/removal", methods=["POST"])
@login_required
def remove_avatar(username: str) -> ResponseReturnValue:
    """Go back to the generated avatar, as its owner or as a moderator."""
    user = get_user_or_404(username)
    if not can_delete(user.id):
        abort(403)
    if replace_avatar(user, None) and user.id != current_user.id:
        SecurityEvent.record_action(current_user, "avatar_removed", user)
    db.session.commit()
    flash(gettext("The avatar has been removed."), "success")
    if user.id == current_user.id:
        return redirect(url_for(".edit_profile"))
    return redirect(url_for(".user", username=user.username))


def _save(form: AvatarForm) -> bool:
    """Store the picture and the user; add an error to `form` and return False on failure."""
    try:
        key = uploads.save(form.content)
    except uploads.StorageError:
        current_app.logger.exception("An upload cannot be stored.")
        message = gettext("The picture could not be stored. Try again later.")
        form.picture.errors = [message]
        return False
    try:
        replace_avatar(current_user._get_current_object(), key)
        db.session.commit()
    except Exception:
        with suppress(uploads.StorageError):  # then a file is left over
            uploads.delete(key)
        raise
    return True
