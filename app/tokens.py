"""Tokens: signed, expiring, and good for one purpose only."""

import time
from collections.abc import Sequence
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer


class TokenError(Exception):
    """A token cannot be honoured."""


class TokenInvalid(TokenError):
    """A token was altered, or made for another purpose or by another key."""


class TokenExpired(TokenError):
    """A token was good once."""


def sign(purpose: str, claims: dict[str, Any], lifetime: int, keys: Sequence[str]) -> str:
    """Return `claims` as a token for `purpose` that expires in `lifetime` seconds.

    The last of `keys` signs; `read` takes a token signed by any, so that keys can be rotated.
    """
    claims = {**claims, "expires": int(time.time()) + lifetime}
    return str(_serializer(purpose, keys).dumps(claims))


def read(token: str, purpose: str, keys: Sequence[str]) -> dict[str, Any]:
    """Return what was signed for `purpose`; raise TokenExpired or TokenInvalid."""
    try:
        claims: dict[str, Any] = _serializer(purpose, keys).loads(token)
    except BadSignature as error:
        raise TokenInvalid(purpose) from error
    if claims["expires"] <= time.time():
        raise TokenExpired(purpose)
    return claims


def _serializer(purpose: str, keys: Sequence[str]) -> URLSafeSerializer:
    """Salt the keys with the purpose: a token for one thing is noise for every other."""
    return URLSafeSerializer(list(keys), salt=f"token:{purpose}")
