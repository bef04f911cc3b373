"""Limit wrong passwords per account, without letting an attacker lock out its owner.

A browser in which an account logs in, or resets its password, gets a cookie. The wrong passwords
from there are counted separately, so an attacker can only prevent logins in other browsers, in
which the owner can reset the password.
"""

import hashlib
from contextlib import suppress
from datetime import timedelta
from typing import Any

from flask import Response, after_this_request, current_app, request, url_for
from flask_login import user_logged_in

from .extensions import limiter
from .models.email_address import normalize_if_valid
from .rate_limiting.limits import limit_from
from .security import tokens
from .security.secret_keys import signing_keys

COOKIE = "known_browser"
LIFETIME = int(timedelta(days=365).total_seconds())
FAILED = {200, 401}  # the login page again, or the response of the API


def remember_browser(_app: Any, user: Any) -> None:
    """Set the cookie for `user` in the response. Only the login page gets it back."""
    claims = {"account": _digest(user.email)}
    cookie = tokens.sign(COOKIE, claims, LIFETIME, signing_keys(current_app.config))
    secure = current_app.config["SESSION_COOKIE_SECURE"]

    @after_this_request
    def set_cookie(response: Response) -> Response:
        options = {"path": url_for("auth.login"), "secure": secure, "samesite": "Lax"}
        response.set_cookie(COOKIE, cookie, LIFETIME, httponly=True, **options)
        return response


user_logged_in.connect(remember_browser)


def _email() -> str:
    """Return the email address in the login form or in the request for an API token."""
    authorization = request.authorization
    email = request.form.get("email") or (authorization and authorization.username)
    return normalize_if_valid(email or "")


def _counted_as() -> str:
    """Return a key for the browser if it is known to the account, otherwise for the account."""
    account, cookie = _digest(_email()), request.cookies.get(COOKIE, "")
    with suppress(tokens.TokenError):
        if tokens.read(cookie, COOKIE, signing_keys(current_app.config))["account"] == account:
            return _digest(cookie)
    return account


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


failed_logins = limiter.shared_limit(
    limit_from("RATELIMIT_ACCOUNT"),
    scope="failed logins",
    key_func=_counted_as,
    methods=["POST"],
    exempt_when=lambda: not _email(),
    deduct_when=lambda response: response.status_code in FAILED,
)
