"""Signed tokens that expire and are valid for one purpose only."""

import time
from collections.abc import Sequence
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer


class TokenError(Exception):
    """A token has expired, was modified, or was signed for another purpose or with another key."""


def sign(purpose: str, claims: dict[str, Any], lifetime: int, keys: Sequence[str]) -> str:
    """Return a token with `claims` for `purpose` that expires in `lifetime` seconds.

    The last of `keys` signs; `read` accepts a signature by any of them (key rotation).
    """
    claims = {**claims, "expires": int(time.time()) + lifetime}
    return str(_serializer(purpose, keys).dumps(claims))


def read(token: str, purpose: str, keys: Sequence[str]) -> dict[str, Any]:
    """Return the claims of a valid token for `purpose`, or raise TokenError."""
    try:
        claims: dict[str, Any] = _serializer(purpose, keys).loads(token)
    except BadSignature as error:
        raise TokenError(f"{purpose}: invalid signature") from error
    if claims["expires"] <= time.time():
        raise TokenError(f"{purpose}: expired")
    return claims


def _serializer(purpose: str, keys: Sequence[str]) -> URLSafeSerializer:
    """Return a serializer whose salt is the purpose, so that tokens are invalid for others."""
    return URLSafeSerializer(list(keys), salt=f"token:{purpose}")
