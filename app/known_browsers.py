"""Limit wrong passwords and codes per account, without letting attackers lock out its owner.

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
from .models import User, accept_code
from .models.email_address import normalize_if_valid
from .rate_limiting.limits import forget_hits, hit, limit_from
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


def is_known_browser(email: str) -> bool:
    """Return True if the account with this normalized address has logged in here before.

    Only on the login page: browsers send the cookie nowhere else.
    """
    keys = signing_keys(current_app.config)
    with suppress(tokens.TokenError):
        claims = tokens.read(request.cookies.get(COOKIE, ""), COOKIE, keys)
        return bool(claims["account"] == _digest(email))
    return False


def _email() -> str:
    """Return the email address in the login form or in the request for an API token."""
    authorization = request.authorization
    email = request.form.get("email") or (authorization and authorization.username)
    return normalize_if_valid(email or "")


def _counted_as(email: str) -> str:
    """Return a key for the browser if it is known to the account, otherwise for the account."""
    return _digest(request.cookies[COOKIE] if is_known_browser(email) else email)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


failed_logins = limiter.shared_limit(
    limit_from("RATELIMIT_ACCOUNT"),
    scope="failed logins",
    key_func=lambda: _counted_as(_email()),
    methods=["POST"],
    exempt_when=lambda: not _email(),
    deduct_when=lambda response: response.status_code in FAILED,
)


def check_code(user: User, code: str) -> bool:
    """Return True if `code` is a valid code of the second factor, and use it up.

    Call this after the password was right: an attacker who does not know it learns nothing, and
    cannot use up the limit. Raise TooManyRequests after too many wrong codes.
    """
    key = _counted_as(user.email)
    if limiter.enabled:
        hit(limiter, "RATELIMIT_CODE", key)  # before the check, so that concurrent ones count
    is_valid = accept_code(user, code)
    if is_valid and limiter.enabled:
        forget_hits(limiter, "RATELIMIT_CODE", key)
    return is_valid
