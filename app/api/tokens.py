"""Endpoints for API tokens."""

from flask import abort, after_this_request, current_app, request
from flask_login import current_user

from ..errors.problem_details import APIError
from ..extensions import db, limiter
from ..known_browsers import check_code, failed_logins
from ..metrics.definitions import FAILED_LOGINS
from ..models import AccessToken, Authenticator, TooManyTokens, User
from ..rate_limiting.limits import LOGIN, LOGIN_SCOPE
from ..security.cache_control import no_store
from . import api
from .endpoint import AUTHENTICATED, endpoint
from .pagination import Paging, list_page
from .schemas import NewTokenOut, TokenIn, TokenList, TokenOut

BASIC_CHALLENGE = 'Basic realm="api"'


@api.post("/tokens/", strict_slashes=False)
@failed_logins
@limiter.shared_limit(LOGIN, scope=LOGIN_SCOPE)
@endpoint(body=TokenIn, response=NewTokenOut, status=201, basic_auth=True)
def create_token(body: TokenIn) -> NewTokenOut:
    """Create a token.

    Authenticate with your email and password over HTTP Basic to create a token. The token is
    returned only once. Only its hash is stored, so Idempotency-Key is not supported. You can
    have 50 tokens. Changing your password or email address revokes all of them. With two-factor
    authentication, send a code of your authenticator app or a recovery code as `code`.
    """
    user = _authenticate_by_password()
    _require_code(user, body.code)
    days = body.days or current_app.config["API_TOKEN_TTL_DAYS"]
    try:
        token, secret = AccessToken.issue(user, body.name.strip(), days, body.read_only)
    except TooManyTokens:
        detail = f"You have {AccessToken.MAX_PER_USER} tokens. Revoke one first."
        raise APIError(409, detail, reason="too_many_tokens") from None
    db.session.flush()
    after_this_request(no_store)
    fields = TokenOut.of(token).model_dump(exclude={"url"})
    return NewTokenOut(**fields, token=secret)


@api.get("/tokens/", strict_slashes=False)
@endpoint(permission=AUTHENTICATED, query=Paging, response=TokenList)
def tokens(query: Paging) -> TokenList:
    """List your valid tokens, newest first."""
    return list_page(TokenList, AccessToken.active_rows(current_user), query)


@api.get("/tokens/<id:id>")
@endpoint(permission=AUTHENTICATED, response=TokenOut)
def token(id: int) -> TokenOut:
    """Retrieve one of your tokens."""
    rows = AccessToken.active_rows(current_user).where(AccessToken.id == id)
    return TokenOut.of(db.session.execute(rows).first() or abort(404))


@api.delete("/tokens/<id:id>")
@endpoint(permission=AUTHENTICATED, status=204)
def revoke_token(id: int) -> None:
    """Revoke one of your tokens."""
    if not AccessToken.revoke(current_user, id):
        abort(404)


@api.delete("/tokens/", strict_slashes=False)
@endpoint(permission=AUTHENTICATED, status=204)
def revoke_tokens() -> None:
    """Revoke all your tokens, including the one used for this request."""
    AccessToken.revoke(current_user)


def _authenticate_by_password() -> User:
    """Return the user with the email and password of the request.

    An unconfirmed account fails like an unknown one, as on the login page: otherwise registering
    someone else's email address would reveal if it had an account.
    """
    authorization = request.authorization
    if authorization and authorization.type == "basic":
        user = User.authenticate(authorization.username or "", authorization.password or "")
        if user is not None:
            return user
        FAILED_LOGINS.inc()
    raise APIError(
        401,
        "Authenticate with your email and password over HTTP Basic to create a token. They are "
        "missing or wrong, or the email address is not confirmed.",
        reason="invalid_credentials",
        challenge=BASIC_CHALLENGE,
    )


def _require_code(user: User, code: str | None) -> None:
    """Raise APIError if two-factor authentication is on, and `code` missing or not valid.

    Raise it also if the role of the user requires a second factor, and they have none.
    """
    has_code = Authenticator.is_required(user)
    if not has_code and user.requires_two_factor():
        detail = "Your role requires two-factor authentication. Set it up on the site first."
        raise APIError(403, detail, reason="two_factor_required")
    if not has_code or (code and check_code(user, code)):
        return
    if not code:
        detail = "Two-factor authentication is on. Send the code of your authenticator app, too."
        raise APIError(401, detail, reason="code_required", challenge=BASIC_CHALLENGE)
    FAILED_LOGINS.inc()
    detail = "The code is wrong, or was used before. Send the current one."
    raise APIError(401, detail, reason="invalid_code", challenge=BASIC_CHALLENGE)
