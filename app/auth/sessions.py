"""The login sessions of the current user: listing and ending them."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_login import current_user, login_required

from ..extensions import db
from ..models import LoginSession, SecurityEvent
from ..pagination import paginate
from . import auth

PER_PAGE = 20


@auth.get("/sessions")
@login_required
def sessions() -> ResponseReturnValue:
    """List the devices that are logged in, with the last login first."""
    page = paginate(LoginSession.active_rows(current_user), PER_PAGE)
    return render_template("auth/sessions.html", page=page, current_id=g.credential.id)


@auth.post("/sessions/<id:id>/revocation")
@login_required
def revoke_session(id: int) -> ResponseReturnValue:
    """Log out one device; ignore a session that no longer exists. One's own logs out here."""
    if LoginSession.revoke(current_user, id):
        SecurityEvent.record(current_user, "session_revoked")
    db.session.commit()
    flash(gettext("The device has been logged out."), "success")
    return redirect(url_for(".sessions"))


@auth.post("/sessions/revocation")
@login_required
def revoke_other_sessions() -> ResponseReturnValue:
    """Log out all other devices."""
    number = LoginSession.revoke_others(current_user, g.credential.id)
    if number:
        SecurityEvent.record(current_user, "other_sessions_revoked")
    db.session.commit()
    text = ngettext(
        "%(num)d other device has been logged out.",
        "%(num)d other devices have been logged out.",
        number,
    )
    flash(text, "success")
    return redirect(url_for(".sessions"))
