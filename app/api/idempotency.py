"""Support for the Idempotency-Key header: a retried request creates its resource only once."""

import hashlib
import re
from collections.abc import Callable

from flask import request
from flask_login import current_user
from werkzeug.exceptions import NotFound

from ..errors.problem_details import APIError
from ..models import IdempotencyKey
from .responses import ResponseBody

HEADER = "Idempotency-Key"
KEY = r"^[\x21-\x7e]{1,255}$"


def create_once(
    create: Callable[[], ResponseBody | None], replay: Callable[[int], ResponseBody]
) -> ResponseBody | None:
    """Call `create`, or `replay` with the id it created if the request is repeated.

    Raise APIError if the key is invalid, belongs to another request, or the resource was deleted.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return create()
    if not re.fullmatch(KEY, key):
        detail = f"{HEADER} must have 1 to 255 visible ASCII characters."
        raise APIError(400, detail, reason="invalid_idempotency_key")
    user, fingerprint = current_user._get_current_object(), _fingerprint()
    row, is_new = IdempotencyKey.get_or_create(user, key, fingerprint)
    if is_new:
        created = create()
        row.resource_id = getattr(created, "id", None)
        return created
    if row.fingerprint != fingerprint:
        detail = f"{HEADER} was already used for a different request."
        raise APIError(422, detail, reason="idempotency_key_reused")
    try:
        return replay(row.resource_id or 0)
    except NotFound:
        detail = f"The resource created with this {HEADER} has been deleted."
        raise APIError(422, detail, reason="deleted") from None


def _fingerprint() -> str:
    """Return a hash of the method, path and body."""
    path = request.path.rstrip("/").encode()
    content = b"\0".join((request.method.encode(), path, request.get_data()))
    return hashlib.sha256(content).hexdigest()
