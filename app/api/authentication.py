"""Who sends a request: the token says so, and nothing else does."""

from http import HTTPStatus

from flask import g, request

from ..extensions import login_manager
from ..models import AccessToken, User
from ..problems import Refusal, challenge
from . import api

READING = {"GET", "HEAD", "OPTIONS"}
TAKES_PASSWORD = "api.create_token"  # noqa: S105 - the name of an endpoint


@api.before_request
def authenticate() -> None:
    """Look at the token, if there is one. One that does not work is refused on open addresses,
    too: a program that has lost its rights is to hear of it.
    """
    if "Authorization" not in request.headers or request.endpoint == TAKES_PASSWORD:
        return
    grant = AccessToken.grant(_token())
    if grant is None:
        raise Refusal(
            HTTPStatus.UNAUTHORIZED,
            "This token is unknown, revoked or expired, or the password was changed since.",
            reason="invalid_token",
            challenge=challenge(error="invalid_token"),
        )
    refuse_unconfirmed(grant.user)
    if grant.read_only and request.method not in READING:
        raise Refusal(HTTPStatus.FORBIDDEN, "This token may only read.", reason="read_only_token")
    login_manager.identify(grant.user)
    g.grant = grant


def refuse_unconfirmed(user: User) -> None:
    """Refuse an account whose confirmation an administrator has taken back."""
    if not user.confirmed:
        raise Refusal(
            HTTPStatus.FORBIDDEN,
            "The address of this account is not confirmed. Log in on the site to see what to do.",
            reason="unconfirmed",
        )


def _token() -> str:
    """Return the token of the request: behind “Bearer”, or as a Basic name without password."""
    sent = request.authorization
    if sent is not None and sent.type == "bearer" and sent.token:
        return sent.token
    if sent is not None and sent.type == "basic" and sent.username:
        if not sent.password:
            return sent.username
        raise Refusal(
            HTTPStatus.UNAUTHORIZED,
            "A password is good for one thing here: POST it to /api/v1/tokens/ for a token.",
            reason="password_not_accepted",
        )
    raise Refusal(
        HTTPStatus.UNAUTHORIZED,
        "The header Authorization cannot be read. Send “Authorization: Bearer …”.",
        reason="invalid_token",
    )
