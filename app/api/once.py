"""Creating once, however often a program sends the request: Idempotency-Key."""

import hashlib
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from flask import request
from flask_login import current_user

from ..models import IdempotencyKey
from ..problems import Refusal
from .answers import Answer

HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x21-\x7e]{1,255}")

AnswerT = TypeVar("AnswerT", bound=Answer)


def once(schema: type[AnswerT], work: Callable[[], Answer | None]) -> Answer | None:
    """Return what `work` returns, or what it returned when this key was sent before."""
    key = request.headers.get(HEADER)
    if key is None:
        return work()
    if not KEY.fullmatch(key):
        detail = f"{HEADER} takes 1 to 255 visible ASCII characters."
        raise Refusal(HTTPStatus.BAD_REQUEST, detail, reason="invalid_idempotency_key")
    user, fingerprint = current_user._get_current_object(), _fingerprint()
    row, is_new = IdempotencyKey.take(user, key, fingerprint)
    if not is_new:
        return _again(schema, row, fingerprint)
    answer = work()
    if answer is not None:
        row.body = answer.model_dump_json()
    return answer


def _again(schema: type[AnswerT], row: IdempotencyKey, fingerprint: str) -> AnswerT:
    if row.fingerprint != fingerprint:
        raise Refusal(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"Another request was sent with this {HEADER}. Use a new one.",
            reason="idempotency_key_reused",
        )
    return schema.model_validate_json(row.body)


def _fingerprint() -> str:
    """Return what two requests have in common if they are the same."""
    sent = b"\0".join((request.method.encode(), request.path.encode(), request.get_data()))
    return hashlib.sha256(sent).hexdigest()
