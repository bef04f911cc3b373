"""Authentication of API requests by token."""

from flask import g, request

from ..errors.problem_details import CHALLENGE, APIError
from ..models import AccessToken
from ..rate_limiting.limits import SAFE_METHODS
from ..security.login_manager import set_loaded_user
from . import api

BASIC_AUTH_ENDPOINT = "api.create_token"


@api.before_request
def authenticate() -> None:
    """Log in the owner of the token, if the request has one.

    An invalid token is rejected even where none is required: otherwise a client would not notice
    that its token has expired.
    """
    if "Authorization" not in request.headers or request.endpoint == BASIC_AUTH_ENDPOINT:
        return
    found = AccessToken.authenticate(_request_token())
    if found is None:
        raise APIError(
            401,
            "Token is invalid, expired or revoked.",
            reason="invalid_token",
            challenge=f'{CHALLENGE}, error="invalid_token"',
        )
    user, token = found
    if not user.confirmed:
        detail = "The email of this account is not confirmed. Log in on the site to confirm it."
        raise APIError(403, detail, reason="unconfirmed")
    if token.read_only and request.method not in SAFE_METHODS:
        raise APIError(403, "Token is read-only.", reason="read_only_token")
    set_loaded_user(user)
    g.credential = token


def _request_token() -> str:
    """Return the bearer token, or the username of Basic authentication without a password."""
    authorization = request.authorization
    if authorization and authorization.type == "bearer" and authorization.token:
        return authorization.token
    if authorization and authorization.type == "basic" and authorization.username:
        if not authorization.password:
            return authorization.username
        detail = "Passwords are only accepted by POST /api/v1/tokens/. Create a token there."
        raise APIError(401, detail, reason="password_not_accepted")
    detail = "Authorization header is malformed. Send “Authorization: Bearer …”."
    raise APIError(401, detail, reason="invalid_token")
