"""The security log of the current user, and the audit log for administrators."""

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user, login_required

from ..models import SecurityEvent
from ..pagination import paginate
from ..permissions import admin_required
from . import auth

PER_PAGE = 30
# The texts of the events. Others are shown by their name.
EVENTS = {
    "login": _l("Logged in"),
    "login_new_device": _l("Logged in on a new device"),
    "session_revoked": _l("Logged out a device"),
    "other_sessions_revoked": _l("Logged out all other devices"),
    "password_changed": _l("Password changed"),
    "password_reset": _l("Password reset by email"),
    "email_changed": _l("Email address changed"),
    "email_restored": _l("Email address restored"),
    "two_factor_enabled": _l("Two-factor authentication turned on"),
    "two_factor_disabled": _l("Two-factor authentication turned off"),
    "recovery_code_used": _l("Recovery code used"),
    "recovery_codes_replaced": _l("New recovery codes"),
    "passkey_added": _l("Passkey added"),
    "passkey_removed": _l("Passkey removed"),
    "identity_added": _l("Account linked"),
    "identity_removed": _l("Account unlinked"),
    "token_created": _l("API token created"),
    "token_revoked": _l("API token revoked"),
    "tokens_revoked": _l("All API tokens revoked"),
    "data_exported": _l("Data exported"),
    "username_changed": _l("Username changed"),
    "role_changed": _l("Role changed"),
    "profile_edited": _l("Profile edited"),
    "avatar_removed": _l("Avatar removed"),
    "confirmed": _l("Email address confirmed"),
    "unconfirmed": _l("Email address unconfirmed"),
    "user_created": _l("Account created"),
    "user_suspended": _l("Account suspended"),
    "user_reinstated": _l("Suspension ended"),
    "user_deleted": _l("Account deleted"),
    "report_acted_upon": _l("Report acted upon"),
    "report_dismissed": _l("Report dismissed"),
    # demo-only: begin
    "post_edited": _l("Post edited"),
    "post_deleted": _l("Post deleted"),
    "comment_edited": _l("Comment edited"),
    "comment_deleted": _l("Comment deleted"),
    "comment_disabled": _l("Comment disabled"),
    "comment_enabled": _l("Comment enabled"),
    # demo-only: end
}


@auth.get("/security-log")
@login_required
def security_log() -> ResponseReturnValue:
    """List what happened to the account, newest first. Failed logins are not recorded."""
    page = paginate(SecurityEvent.own_rows(current_user), PER_PAGE)
    return render_template("auth/security_log.html", page=page, events=EVENTS)


@auth.get("/audit-log")
@admin_required
def audit_log() -> ResponseReturnValue:
    """List what administrators, moderators and commands did to accounts and their content.

    It is a section of the administration, whose navigation is in admin/sections.py.
    """
    page = paginate(SecurityEvent.audit_rows(), PER_PAGE)
    return render_template("auth/audit_log.html", page=page, events=EVENTS)
