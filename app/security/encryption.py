"""Encryption of secrets in the database, with keys derived from SECRET_KEY.

A copy of the database, such as a backup, is worthless without SECRET_KEY. To rotate the key, see
`secret_keys`: what a previous key encrypted is encrypted with the new one when it is next used.
"""

import base64
import hashlib
import hmac
from importlib import import_module
from typing import Any

from flask import current_app

from .secret_keys import signing_keys


class DecryptionError(Exception):
    """The text has expired, was modified, or was encrypted for another purpose or key."""


def encrypt(purpose: str, text: str) -> str:
    """Return `text`, encrypted for `purpose` with SECRET_KEY."""
    encrypted: bytes = _cipher(purpose).encrypt(text.encode())
    return encrypted.decode()


def decrypt(purpose: str, encrypted: str, max_age: int | None = None) -> str:
    """Return the text of `encrypt`, at most `max_age` seconds old; raise DecryptionError."""
    try:
        text: bytes = _cipher(purpose).decrypt(encrypted.encode(), ttl=max_age)
    except _fernet().InvalidToken as error:
        raise DecryptionError(purpose) from error
    return text.decode()


def _cipher(purpose: str) -> Any:
    """Return a cipher that encrypts with SECRET_KEY, and also decrypts with the previous keys."""
    fernet, keys = _fernet(), reversed(signing_keys(current_app.config))
    return fernet.MultiFernet([fernet.Fernet(_derive(key, purpose)) for key in keys])


def _derive(key: str, purpose: str) -> bytes:
    """Return a key of 256 bits, in base64. SECRET_KEY is random: no slow hash is needed."""
    digest = hmac.digest(key.encode(), f"encryption:{purpose}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest)


def _fernet() -> Any:
    """Return the module, which is imported when it is used: it takes as long as this site."""
    return import_module("cryptography.fernet")
