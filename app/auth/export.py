"""The export of the current user's data."""

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from ..data_export import DataExport, TooManyExports
from ..extensions import db
from ..forms import ConfirmForm
from ..models import SecurityEvent, User, utcnow
from ..security.cache_control import no_store
from . import auth, limits
from .reauthentication import recent_login_required


@auth.route("/export", methods=["GET", "POST"])
@recent_login_required
@limits.exports_per_account
def export() -> ResponseReturnValue:
    """Explain the export; download it by POST."""
    form = ConfirmForm()
    if form.validate_on_submit():
        return _download(current_user._get_current_object())
    return render_template("auth/export.html", form=form)


def _download(user: User) -> ResponseReturnValue:
    name = f"flasky-{user.username}-{utcnow():%Y-%m-%d}.zip"
    try:
        archive = DataExport(user, render_template("auth/export_readme.txt", user=user))
    except TooManyExports:
        flash(gettext("Another export is being downloaded. Try again in a minute."))
        return redirect(url_for(".export"))
    SecurityEvent.record(user, "data_exported")
    db.session.commit()
    response = Response(archive, mimetype="application/zip")
    response.call_on_close(archive.close)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return no_store(response)
