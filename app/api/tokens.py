"""Tokens: obtaining one by address and password, seeing them, ending them."""

from http import HTTPStatus

from flask import Response, abort, after_this_request, current_app, request
from flask_login import current_user

from ..extensions import db, limiter
from ..limits import LOGIN
from ..meters import LOGINS_FAILED
from ..models import AccessToken, User, rows_changed
from ..problems import Refusal, challenge
from . import api
from .contract import MEMBER, operation
from .input import Paging
from .lists import beside, part
from .schemas import NewTokenOut, TokenIn, TokenOut, Tokens


@api.post("/tokens/", strict_slashes=False)
@limiter.limit(LOGIN)
@operation(body=TokenIn, answer=NewTokenOut, status=201, takes_password=True)
def create_token(body: TokenIn) -> NewTokenOut:
    """Obtain a token for your e-mail address and password.

    Send them as HTTP Basic authentication. The token is in this answer and nowhere else: it
    is kept as a digest, so that an Idempotency-Key could not repeat it and is not heeded.
    Changing the password or the address ends all tokens.
    """
    user = _by_password()
    days = body.days or current_app.config["API_TOKEN_DAYS"]
    token, secret = AccessToken.issue(user, body.name.strip(), days, body.read_only)
    db.session.flush()
    after_this_request(keep_nowhere)
    return NewTokenOut.issued(token, secret)


@api.get("/tokens/", strict_slashes=False)
@operation(needs=MEMBER, query=Paging, answer=Tokens)
def tokens(query: Paging) -> Tokens:
    """List your tokens that work, newest first."""
    rows = AccessToken.rows_of(current_user)
    page = part(rows, AccessToken.timestamp, AccessToken.id, query)
    return Tokens(tokens=[TokenOut.of(row) for row in page], **beside(page))


@api.get("/tokens/<id:id>")
@operation(needs=MEMBER, answer=TokenOut)
def token(id: int) -> TokenOut:
    """Read what is known of a token of yours."""
    rows = AccessToken.rows_of(current_user).where(AccessToken.id == id)
    return TokenOut.of(db.session.execute(rows).first() or abort(404))


@api.delete("/tokens/<id:id>")
@operation(needs=MEMBER, status=204)
def revoke_token(id: int) -> None:
    """End a token of yours, at once."""
    if not rows_changed(db.session.execute(AccessToken.revoke(current_user, id))):
        abort(404)


@api.delete("/tokens/", strict_slashes=False)
@operation(needs=MEMBER, status=204)
def revoke_tokens() -> None:
    """End all tokens of yours, this one among them."""
    db.session.execute(AccessToken.revoke(current_user))


def keep_nowhere(response: Response) -> Response:
    """Let nobody keep an answer that holds a secret."""
    response.cache_control.no_store = True
    return response


def _by_password() -> User:
    """Return whom address and password name.

    An account that is not confirmed fails like an unknown one, as on the page where one logs in:
    otherwise registering a stranger's address would tell whether the stranger had an account.
    """
    sent = request.authorization
    if sent is not None and sent.type == "basic":
        user = User.with_credentials(sent.username or "", sent.password or "")
        if user is not None:
            return user
        LOGINS_FAILED.inc()
    raise Refusal(
        HTTPStatus.UNAUTHORIZED,
        "Send your e-mail address and password as HTTP Basic authentication. These are missing "
        "or wrong, or the address is not confirmed yet.",
        reason="wrong_password",
        challenge=challenge("Basic"),
    )
