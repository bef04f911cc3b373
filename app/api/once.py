"""Creating once, however often a program sends the request: Idempotency-Key."""

import hashlib
import re
from collections.abc import Callable
from http import HTTPStatus

from flask import request
from flask_login import current_user
from werkzeug.exceptions import NotFound

from ..models import IdempotencyKey
from ..problems import Refusal
from .answers import Answer

HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x21-\x7e]{1,255}")


def once(show: Callable[[int], Answer], work: Callable[[], Answer | None]) -> Answer | None:
    """Return what `work` has made, or show what it made when this key was sent before."""
    key = request.headers.get(HEADER)
    if key is None:
        return work()
    if not KEY.fullmatch(key):
        detail = f"{HEADER} takes 1 to 255 visible ASCII characters."
        raise Refusal(HTTPStatus.BAD_REQUEST, detail, reason="invalid_idempotency_key")
    user, fingerprint = current_user._get_current_object(), _fingerprint()
    row, is_new = IdempotencyKey.take(user, key, fingerprint)
    if not is_new:
        return _again(show, row, fingerprint)
    made = work()
    row.made_id = getattr(made, "id", None)
    return made


def _again(show: Callable[[int], Answer], row: IdempotencyKey, fingerprint: str) -> Answer:
    if row.fingerprint != fingerprint:
        raise Refusal(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"Another request was sent with this {HEADER}. Use a new one.",
            reason="idempotency_key_reused",
        )
    try:
        return show(row.made_id or 0)
    except NotFound:
        raise Refusal(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"What was made with this {HEADER} has been deleted since.",
            reason="deleted",
        ) from None


def _fingerprint() -> str:
    """Return what two requests have in common if they are the same."""
    path = request.path.rstrip("/").encode()
    sent = b"\0".join((request.method.encode(), path, request.get_data()))
    return hashlib.sha256(sent).hexdigest()
