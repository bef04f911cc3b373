"""The notifications of the current user."""

from datetime import datetime

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from ..extensions import db
from ..models import Notification, utcnow
from ..pagination import paginate
from . import main


@main.get("/notifications")
@login_required
def notifications() -> ResponseReturnValue:
    """List the notifications of the current user, newest first. This marks none as read."""
    rows = Notification.rows_of(current_user)
    page = paginate(rows, current_app.config["FLASKY_COMMENTS_PER_PAGE"])
    return render_template("notifications.html", page=page, until=utcnow())


@main.post("/notifications/read")
@login_required
def read_notifications() -> ResponseReturnValue:
    """Mark all notifications as read that are not newer than the page, the time `until`."""
    try:
        until = datetime.fromisoformat(request.form.get("until", ""))
        Notification.mark_read(current_user, until)
    except (TypeError, ValueError):  # TypeError: it has no time zone
        abort(400, gettext("This form is invalid. Reload the page and try again."))
    db.session.commit()
    flash(gettext("All notifications are marked as read."), "success")
    return redirect(url_for(".notifications"))
