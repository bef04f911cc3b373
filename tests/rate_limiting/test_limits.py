"""Limits are read from the settings when they are needed; clients are networks."""

import pytest
from flask import Flask

from app.rate_limiting.limits import API, LOGIN, client_network, limit_from


def test_limit_follows_the_setting(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_LOGIN", "3 per hour")
    monkeypatch.setitem(app.config, "RATELIMIT_API", "5 per hour")
    with app.app_context():
        assert LOGIN() == limit_from("RATELIMIT_LOGIN")() == "3 per hour"
        assert API() == "5 per hour"


CLIENTS = {
    "192.0.2.7": "192.0.2.7",
    "::ffff:192.0.2.7": "192.0.2.7",
    "2001:db8::7": "2001:db8::/64",
    "2001:DB8:0:0:ffff:ffff:ffff:ffff": "2001:db8::/64",
    "2001:db8:0:1::7": "2001:db8:0:1::/64",
    "::1": "::/64",
    "fe80::1%eth0": "fe80::/64",
    "": "unknown",
    "localhost": "unknown",
    "192.0.2.7:443": "unknown",
    "x" * 8000: "unknown",
}


@pytest.mark.parametrize("address", CLIENTS, ids=lambda address: address[:40] or "empty")
def test_clients_are_ipv4_addresses_and_ipv6_networks(app: Flask, address: str) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert client_network() == CLIENTS[address]
