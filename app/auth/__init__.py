"""Accounts: logins, registration, passwords, two factors, passkeys, email and API tokens.

To remove it (for single sign-on, say), delete this package, templates/auth and tests/auth, and
set `login_manager.user_loader` and `login_manager.login_view` elsewhere.
"""

from flask import Blueprint, Response, request

auth = Blueprint("auth", __name__)


@auth.after_request
def hide_token(response: Response) -> Response:
    """Keep the token of a link out of the Referer header, which proxies write to their logs."""
    if "token" in (request.view_args or {}):
        response.headers["Referrer-Policy"] = "strict-origin"
    return response


from . import (  # noqa: E402, F401 - registers the views and the job
    email_change,
    expiry,
    export,
    notifications,  # demo-only
    openid,
    passkeys,
    password,
    reauthentication,
    registration,
    second_factor,
    security_log,
    session,
    sessions,
    settings,
    tokens,
    two_factor,
    username,
)
