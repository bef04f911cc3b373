"""A device that creates and uses passkeys, as a browser would return them."""

import hashlib
import json
import struct
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes

from app.security.webauthn import encode
from tests.support.http_client import Page, SiteClient

ORIGIN = "http://flasky.example"
PRESENT, VERIFIED, HAS_CREDENTIAL = 0x01, 0x04, 0x40
ADD = "/auth/passkeys/new"
LOGIN = "/auth/login/passkey"


class PasskeyDevice:
    """Holds one passkey. Tests change the attributes to misbehave."""

    def __init__(self, name: str = "Phone") -> None:
        self.name = name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = hashlib.sha256(str(id(self.key)).encode()).digest()
        self.origin, self.flags, self.sign_count = ORIGIN, PRESENT | VERIFIED, 0
        self.user_handle: str | None = None

    def create(self, options: dict[str, Any]) -> str:
        """Return the response to the options of `navigator.credentials.create()`."""
        self.user_handle = options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        public_key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        length = struct.pack(">H", len(self.credential_id))
        attested = bytes(16) + length + self.credential_id + public_key
        data = self._authenticator_data(options["rp"]["id"], HAS_CREDENTIAL) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client_data = self._client_data("webauthn.create", options["challenge"])
        return self._response(
            clientDataJSON=encode(client_data), attestationObject=encode(attestation)
        )

    def get(self, options: dict[str, Any]) -> str:
        """Return the response to the options of `navigator.credentials.get()`."""
        client_data = self._client_data("webauthn.get", options["challenge"])
        data = self._authenticator_data(options["rpId"])
        signed = data + hashlib.sha256(client_data).digest()
        return self._response(
            clientDataJSON=encode(client_data),
            authenticatorData=encode(data),
            signature=encode(self.key.sign(signed, ec.ECDSA(SHA256()))),
            userHandle=self.user_handle,
        )

    def add_to(self, client: SiteClient) -> Page:
        """Add the passkey to the account that is logged in."""
        page = client.open(ADD)
        return client.send(page, {"name": self.name, "credential": self.create(options_of(page))})

    def log_in(self, client: SiteClient, path: str = "/auth/login", **fields: str) -> Page:
        """Log in with the passkey on the page `path`."""
        page = client.open(path)
        fields = {"credential": self.get(options_of(page)), **fields}
        return client.send(page, fields, LOGIN)

    def _client_data(self, kind: str, challenge: str) -> bytes:
        values = {"type": kind, "challenge": challenge, "origin": self.origin}
        return json.dumps(values).encode()

    def _authenticator_data(self, relying_party: str, flags: int = 0) -> bytes:
        digest = hashlib.sha256(relying_party.encode()).digest()
        return digest + struct.pack(">BI", self.flags | flags, self.sign_count)

    def _response(self, **fields: str | None) -> str:
        row_id = encode(self.credential_id)
        return json.dumps(
            {"id": row_id, "rawId": row_id, "type": "public-key", "response": fields}
        )


def options_of(page: Page) -> dict[str, Any]:
    """Return the options in the form of a page."""
    options: dict[str, Any] = json.loads(page.attribute("data-options"))
    return options


def challenge_of(response: str) -> str:
    """Return the challenge in a response."""
    client_data = base64url_to_bytes(json.loads(response)["response"]["clientDataJSON"])
    challenge: str = json.loads(client_data)["challenge"]
    return challenge
