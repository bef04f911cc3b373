"""Passkeys: the options for browsers, and the verification of what they return (WebAuthn).

The library is imported when it is used: it takes an eighth of the time in which the site starts.
"""

import base64
from collections.abc import Iterable
from importlib import import_module
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from flask import current_app

TIMEOUT = 5 * 60  # seconds, for the user
MAX_LENGTH = 10_000  # characters of a response
# What malformed responses raise, besides the exceptions of the library.
MALFORMED = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)


class PasskeyError(Exception):
    """The response of a browser is malformed or not valid."""


class Response(NamedTuple):
    """A parsed response; `credential` is the library's."""

    credential: Any
    credential_id: bytes
    challenge: str
    user_handle: bytes | None


class NewCredential(NamedTuple):
    """What to store of a new passkey."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def is_available() -> bool:
    """Return True if SITE_URL has a host name: passkeys do not exist for IP addresses."""
    try:
        ip_address(_relying_party())
    except ValueError:
        return bool(_relying_party())
    return False


def creation_options(
    challenge: str, user_handle: bytes, username: str, existing: Iterable[bytes]
) -> dict[str, Any]:
    """Return the options of `navigator.credentials.create()`, as JSON.

    A passkey must be discoverable and verify the user, so that it replaces password and code.
    """
    return {
        "rp": {"id": _relying_party(), "name": "Flasky"},
        "user": {"id": encode(user_handle), "name": username, "displayName": username},
        "challenge": encode(challenge.encode()),
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in (-8, -7, -257)],
        "excludeCredentials": _descriptors(existing),
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "timeout": TIMEOUT * 1000,
    }


def request_options(challenge: str, allowed: Iterable[bytes] = ()) -> dict[str, Any]:
    """Return the options of `navigator.credentials.get()`, as JSON; by default for any passkey."""
    return {
        "rpId": _relying_party(),
        "challenge": encode(challenge.encode()),
        "allowCredentials": _descriptors(allowed),
        "userVerification": "required",
        "timeout": TIMEOUT * 1000,
    }


def parse_registration(text: str) -> Response:
    """Return the response of a browser to `creation_options`; raise PasskeyError."""
    return _parse(text, "parse_registration_credential_json")


def parse_authentication(text: str) -> Response:
    """Return the response of a browser to `request_options`; raise PasskeyError."""
    return _parse(text, "parse_authentication_credential_json")


def verify_registration(response: Response) -> NewCredential:
    """Return the passkey of a response, whose challenge is right; raise PasskeyError."""
    verified = _call(
        import_module("webauthn").verify_registration_response,
        credential=response.credential,
        expected_challenge=response.challenge.encode(),
        expected_rp_id=_relying_party(),
        expected_origin=_origin(),
        require_user_verification=True,
    )
    return NewCredential(
        verified.credential_id, verified.credential_public_key, verified.sign_count
    )


def verify_authentication(response: Response, public_key: bytes, sign_count: int) -> int:
    """Return the new sign count of a passkey; raise PasskeyError if the response is invalid."""
    verified = _call(
        import_module("webauthn").verify_authentication_response,
        credential=response.credential,
        expected_challenge=response.challenge.encode(),
        expected_rp_id=_relying_party(),
        expected_origin=_origin(),
        credential_public_key=public_key,
        credential_current_sign_count=sign_count,
        require_user_verification=True,
    )
    return int(verified.new_sign_count)


def encode(data: bytes) -> str:
    """Return `data` as base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _descriptors(credential_ids: Iterable[bytes]) -> list[dict[str, str]]:
    return [{"type": "public-key", "id": encode(row_id)} for row_id in credential_ids]


def _parse(text: str, function: str) -> Response:
    if len(text) > MAX_LENGTH:
        raise PasskeyError
    helpers = import_module("webauthn.helpers")
    credential = _call(getattr(helpers, function), text)
    client_data = _call(helpers.parse_client_data_json, credential.response.client_data_json)
    challenge = client_data.challenge.decode("ascii", "replace")
    user_handle = getattr(credential.response, "user_handle", None)
    return Response(credential, credential.raw_id, challenge, user_handle)


def _call(function: Any, *values: Any, **options: Any) -> Any:
    try:
        return function(*values, **options)
    except (import_module("webauthn.helpers.exceptions").WebAuthnException, *MALFORMED) as error:
        raise PasskeyError(str(error)) from error


def _relying_party() -> str:
    """Return the host of SITE_URL, for which passkeys are valid."""
    return urlsplit(current_app.config["SITE_URL"]).hostname or ""


def _origin() -> str:
    """Return the origin of SITE_URL as browsers send it: without a path or a default port."""
    url = urlsplit(current_app.config["SITE_URL"])
    is_default = url.port == {"http": 80, "https": 443}.get(url.scheme)
    port = "" if url.port is None or is_default else f":{url.port}"
    return f"{url.scheme}://{url.hostname}{port}"
