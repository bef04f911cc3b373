"""Decorators that limit the rate of password attempts, registrations and emails.

Flask-Limiter checks the innermost decorator first: put limits per client there, so that a client
that has exceeded one adds no more keys for recipients.
"""

import hashlib
from typing import Any

from flask import request
from flask_login import current_user

from ..extensions import limiter
from ..models.email_address import InvalidEmailAddress, normalize
from ..rate_limiting.limits import LOGIN, LOGIN_SCOPE, limit_from

EMAIL = limit_from("RATELIMIT_EMAIL")


def recipient() -> str:
    """Return a hash of the mailbox that the request sends email to, or "" if it is invalid.

    The tag of an address such as ann+tag@example.com is left out: the mailbox is the same.
    """
    try:
        local, _, domain = normalize(request.form.get("email", "")).rpartition("@")
    except InvalidEmailAddress:
        return ""
    mailbox = f"{local.partition('+')[0]}@{domain}"
    return hashlib.sha256(mailbox.encode()).hexdigest()


def per_recipient(scope: str) -> Any:
    """Return a limit on emails to each mailbox, shared by all endpoints with this `scope`."""
    return limiter.shared_limit(
        EMAIL,
        scope=scope,
        key_func=recipient,
        methods=["POST"],
        exempt_when=lambda: not recipient(),
    )


password_attempts = limiter.shared_limit(LOGIN, scope=LOGIN_SCOPE, methods=["POST"])
# Logins with an OpenID Connect issuer, each of which sends requests to it.
openid_requests = limiter.shared_limit(LOGIN, scope="openid")
registrations = limiter.limit(limit_from("RATELIMIT_REGISTER"), methods=["POST"])

# All endpoints that send email to an address from a form are limited by sender and by recipient,
# so that no client can flood a mailbox. Password resets have a limit of their own: otherwise
# registering someone's address would prevent them from resetting their password.
emails_per_client = limiter.shared_limit(EMAIL, scope="emails per client", methods=["POST"])
emails_per_account = limiter.limit(EMAIL, key_func=lambda: str(current_user.id), methods=["POST"])
exports_per_account = limiter.limit(
    limit_from("RATELIMIT_EXPORT"), key_func=lambda: str(current_user.id), methods=["POST"]
)
emails_per_recipient = per_recipient("emails per recipient")
resets_per_recipient = per_recipient("resets per recipient")
