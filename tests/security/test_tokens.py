"""Signed tokens: they expire, and are valid for one purpose and any current key."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous.encoding import base64_decode, base64_encode

from app.security import tokens

KEY = "a secret key"


def sign(purpose: str = "confirm", lifetime: int = 60, **claims: Any) -> str:
    return tokens.sign(purpose, claims, lifetime, [KEY])


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()))
def test_claims_are_returned_unchanged(claims: dict[str, Any]) -> None:
    claims.pop("expires", None)

    read = tokens.read(tokens.sign("confirm", claims, 60, [KEY]), "confirm", [KEY])

    assert {**claims, "expires": read["expires"]} == read


def test_token_needs_no_url_encoding() -> None:
    token = sign(name="ä/?&#+ %")

    assert token.isascii()
    assert set("/?&#+ %").isdisjoint(token)


@pytest.mark.parametrize("lifetime", [0, -1, -3600])
def test_token_expires(lifetime: int) -> None:
    with pytest.raises(tokens.TokenError, match="confirm: expired"):
        tokens.read(sign(lifetime=lifetime), "confirm", [KEY])


def test_claims_cannot_extend_the_lifetime() -> None:
    token = tokens.sign("confirm", {"expires": 2**40}, -1, [KEY])

    with pytest.raises(tokens.TokenError, match="expired"):
        tokens.read(token, "confirm", [KEY])


@pytest.mark.parametrize("purpose", ["reset", "", "confirm ", "confirmx"], ids=repr)
def test_token_is_invalid_for_other_purposes(purpose: str) -> None:
    for lifetime in (60, -1):
        with pytest.raises(tokens.TokenError, match="invalid signature"):
            tokens.read(sign("confirm", lifetime), purpose, [KEY])


def test_token_is_invalid_for_other_keys() -> None:
    with pytest.raises(tokens.TokenError, match="invalid signature"):
        tokens.read(sign(), "confirm", ["another key"])


def test_token_of_any_current_key_is_valid() -> None:
    token = tokens.sign("confirm", {"id": 1}, 60, ["old"])

    assert tokens.read(token, "confirm", ["older", "old", "new"])["id"] == 1


def test_last_key_signs() -> None:
    token = tokens.sign("confirm", {"id": 1}, 60, ["old", "new"])

    assert tokens.read(token, "confirm", ["new"])["id"] == 1
    with pytest.raises(tokens.TokenError, match="invalid signature"):
        tokens.read(token, "confirm", ["old"])


def test_modified_claims_are_detected() -> None:
    payload, _, signature = sign(id=1).rpartition(".")
    claims = json.loads(base64_decode(payload)) | {"id": 2}
    forged = base64_encode(json.dumps(claims).encode()).decode() + "." + signature

    with pytest.raises(tokens.TokenError, match="invalid signature"):
        tokens.read(forged, "confirm", [KEY])


@given(st.text())
def test_any_other_text_is_invalid(text: str) -> None:
    with pytest.raises(tokens.TokenError, match="invalid signature"):
        tokens.read(text, "confirm", [KEY])
