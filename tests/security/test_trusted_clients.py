"""Which clients may see metrics and the details of health checks."""

from functools import cache

import pytest
from flask import Flask, jsonify

from app.security.trusted_clients import is_trusted_client
from tests.support.app_factory import make_app

TOKEN = "a token for monitoring"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
CLIENT = "198.51.100.7"
# TRUSTED_PROXY_COUNT, IP address of the peer, headers, and whether the client is trusted.
CLIENTS: dict[str, tuple[int, str, dict[str, str], bool]] = {
    "local": (0, "127.0.0.1", {}, True),
    "local by IPv6": (0, "::1", {}, True),
    "local by IPv4-mapped IPv6": (0, "::ffff:127.0.0.1", {}, True),
    "local by Unix socket": (0, "", {}, True),
    "local, although a proxy is declared": (1, "127.0.0.1", {}, True),
    "remote": (0, CLIENT, {}, False),
    "private network": (0, "10.0.0.1", {}, False),
    "remote by IPv6": (0, "2001:db8::7", {}, False),
    "invalid address": (0, "localhost", {}, False),
    "proxied": (1, "127.0.0.1", {"X-Forwarded-For": CLIENT}, False),
    "proxied by Unix socket": (1, "", {"X-Forwarded-For": CLIENT}, False),
    "proxied, claims to be local": (1, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, False),
    "remote, claims to be local": (1, CLIENT, {"X-Forwarded-For": "127.0.0.1"}, False),
    "proxied by an undeclared proxy": (0, "127.0.0.1", {"X-Forwarded-For": CLIENT}, False),
    **{
        f"proxied, {name} only": (0, "127.0.0.1", {name: ""}, False)
        for name in ("Forwarded", "Via", "X-Real-IP", "X-Forwarded-Host", "X-Forwarded-Proto")
    },
    "token": (1, "127.0.0.1", {"X-Forwarded-For": CLIENT, **BEARER}, True),
    "token, lower-case scheme": (0, CLIENT, {"Authorization": f"bearer {TOKEN}"}, True),
    "wrong token": (0, CLIENT, {"Authorization": f"Bearer {TOKEN}x"}, False),
    "wrong token, local": (0, "127.0.0.1", {"Authorization": "Bearer x"}, False),
    "token that is not ASCII": (0, CLIENT, {"Authorization": "Bearer \xff"}, False),
    "empty token": (0, CLIENT, {"Authorization": "Bearer "}, False),
    "Basic that is not ASCII": (0, CLIENT, {"Authorization": "Basic \xff"}, False),
    "token as Basic": (0, CLIENT, {"Authorization": f"Basic {TOKEN}"}, False),
}


@cache
def make_site(proxies: int, token: str | None) -> Flask:
    """Return an application whose view /trusted returns true to trusted clients."""
    app = make_app(TRUSTED_PROXY_COUNT=proxies, METRICS_TOKEN=token)
    app.add_url_rule("/trusted", "trusted", lambda: jsonify(is_trusted_client()))
    return app


def is_trusted(app: Flask, remote_addr: str, headers: dict[str, str]) -> object:
    environ = {"REMOTE_ADDR": remote_addr}
    client = app.test_client()
    return client.get("/trusted", headers=headers, environ_overrides=environ).get_json()


@pytest.mark.parametrize(
    ("proxies", "remote_addr", "headers", "expected"), CLIENTS.values(), ids=CLIENTS
)
def test_trusted_clients(
    proxies: int, remote_addr: str, headers: dict[str, str], expected: bool
) -> None:
    assert is_trusted(make_site(proxies, TOKEN), remote_addr, headers) is expected


def test_no_token_is_valid_if_none_is_configured() -> None:
    for token in (None, ""):
        for sent in ("Bearer None", "Bearer ", "Bearer", "Bearer \x00"):
            headers = {"Authorization": sent}

            assert is_trusted(make_site(0, token), CLIENT, headers) is False, (token, sent)
