"""Encryption with keys derived from SECRET_KEY."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app.security.encryption import DecryptionError, decrypt, encrypt
from app.security.secret_keys import init_app

OLD, NEW = "o" * 32, "n" * 32


@pytest.fixture
def keys() -> Iterator[Flask]:
    app = Flask(__name__)
    app.config.update(SECRET_KEY=OLD, SECRET_KEY_FALLBACKS=[])
    init_app(app)
    with app.app_context():
        yield app


def test_text_is_hidden_and_restored(keys: Flask) -> None:
    encrypted = encrypt("test", "a secret 密")

    assert "secret" not in encrypted
    assert encrypted != encrypt("test", "a secret 密")
    assert decrypt("test", encrypted) == "a secret 密"


def test_modified_text_and_other_purposes_are_refused(keys: Flask) -> None:
    encrypted = encrypt("test", "text")

    for purpose, text in (
        ("other", encrypted),
        ("test", ""),
        ("test", "é"),
        ("test", f"A{encrypted[1:-8]}AAAAAA=="),
        ("test", encrypted[:-1]),
    ):
        with pytest.raises(DecryptionError):
            decrypt(purpose, text)


def test_text_expires(keys: Flask) -> None:
    encrypted = encrypt("test", "text")

    assert decrypt("test", encrypted, max_age=60) == "text"
    with pytest.raises(DecryptionError):
        decrypt("test", encrypted, max_age=-1)


def test_previous_key_decrypts_and_the_new_one_encrypts(keys: Flask) -> None:
    encrypted = encrypt("test", "text")

    keys.config.update(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[OLD])
    assert decrypt("test", encrypted) == "text"
    again = encrypt("test", "text")

    keys.config.update(SECRET_KEY_FALLBACKS=[])
    assert decrypt("test", again) == "text"
    with pytest.raises(DecryptionError):
        decrypt("test", encrypted)
