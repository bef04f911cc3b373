"""Tokens: signed, expiring, and good for one purpose only."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous.encoding import base64_decode, base64_encode

from app import tokens

KEY = "a key that nobody knows"


def sign(purpose: str = "confirm", lifetime: int = 60, *keys: str, **claims: Any) -> str:
    return tokens.sign(purpose, claims, lifetime, keys or [KEY])


def test_what_was_signed_is_read() -> None:
    claims = tokens.read(sign(id=7, stamp="x"), "confirm", [KEY])

    assert claims.items() >= {"id": 7, "stamp": "x"}.items()


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()))
def test_any_claims_survive(claims: dict[str, Any]) -> None:
    claims.pop("expires", None)

    read = tokens.read(tokens.sign("confirm", claims, 60, [KEY]), "confirm", [KEY])

    assert {**claims, "expires": read["expires"]} == read


def test_token_fits_into_an_address() -> None:
    token = sign(name="ä/?&#+ %")

    assert token.isascii()
    assert set("/?&#+ %").isdisjoint(token)


@pytest.mark.parametrize("lifetime", [0, -1, -3600])
def test_token_expires(lifetime: int) -> None:
    with pytest.raises(tokens.TokenExpired, match="confirm"):
        tokens.read(sign(lifetime=lifetime), "confirm", [KEY])


def test_claims_cannot_prolong_a_token() -> None:
    token = tokens.sign("confirm", {"expires": 2**40}, -1, [KEY])

    with pytest.raises(tokens.TokenExpired):
        tokens.read(token, "confirm", [KEY])


@pytest.mark.parametrize("purpose", ["reset", "", "confirm ", "confirmx"], ids=repr)
def test_token_is_noise_for_every_other_purpose(purpose: str) -> None:
    with pytest.raises(tokens.TokenInvalid):
        tokens.read(sign("confirm"), purpose, [KEY])


def test_expired_token_of_another_purpose_is_invalid_not_expired() -> None:
    with pytest.raises(tokens.TokenInvalid):
        tokens.read(sign("confirm", -1), "reset", [KEY])


def test_token_of_another_key_is_invalid() -> None:
    with pytest.raises(tokens.TokenInvalid):
        tokens.read(sign(), "confirm", ["another key"])


def test_token_of_any_known_key_is_read() -> None:
    old = tokens.sign("confirm", {"id": 1}, 60, ["old"])

    assert tokens.read(old, "confirm", ["older", "old", "new"])["id"] == 1


def test_last_key_signs() -> None:
    token = tokens.sign("confirm", {"id": 1}, 60, ["old", "new"])

    assert tokens.read(token, "confirm", ["new"])["id"] == 1
    with pytest.raises(tokens.TokenInvalid):
        tokens.read(token, "confirm", ["old"])


def test_altered_claims_are_noticed() -> None:
    payload, _, signature = sign(id=1).rpartition(".")
    claims = json.loads(base64_decode(payload)) | {"id": 2}
    forged = base64_encode(json.dumps(claims).encode()).decode() + "." + signature

    with pytest.raises(tokens.TokenInvalid):
        tokens.read(forged, "confirm", [KEY])


@given(st.text())
def test_any_text_is_either_refused_or_ours(text: str) -> None:
    with pytest.raises(tokens.TokenInvalid):
        tokens.read(text, "confirm", [KEY])
