"""The relying party and the origin of passkeys."""

import pytest
from flask import Flask

from app.security import webauthn


@pytest.mark.parametrize(
    ("url", "host", "origin"),
    [
        ("https://example.com", "example.com", "https://example.com"),
        ("https://example.com:443/blog", "example.com", "https://example.com"),
        ("https://example.com:8443", "example.com", "https://example.com:8443"),
        ("http://localhost:5000", "localhost", "http://localhost:5000"),
        ("http://localhost:80", "localhost", "http://localhost"),
        ("https://Example.COM", "example.com", "https://example.com"),
    ],
)
def test_passkeys_belong_to_the_site_url(url: str, host: str, origin: str) -> None:
    app = Flask(__name__)
    app.config["SITE_URL"] = url
    with app.app_context():
        assert webauthn.request_options("x")["rpId"] == host
        assert webauthn._origin() == origin
        assert webauthn.is_available()


@pytest.mark.parametrize("url", ["http://127.0.0.1:5000", "http://[::1]:5000", ""])
def test_ip_addresses_have_no_passkeys(url: str) -> None:
    app = Flask(__name__)
    app.config["SITE_URL"] = url
    with app.app_context():
        assert not webauthn.is_available()


@pytest.mark.parametrize("text", ["", "{}", "[" * 9000, "x" * 20_000, "\ud800"])
@pytest.mark.parametrize("parse", [webauthn.parse_registration, webauthn.parse_authentication])
def test_malformed_response_is_an_error(parse: object, text: str) -> None:
    assert callable(parse)
    with pytest.raises(webauthn.PasskeyError):
        parse(text)
