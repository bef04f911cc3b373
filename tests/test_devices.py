"""Devices: names for User-Agent headers, and shortened IP addresses."""

import pytest
from flask import Flask

from app.devices import current_device, network_of

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
AGENTS = {
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36": ("Chrome", "Windows"),
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/142.0": (
        "Edge",
        "Windows",
    ),
    f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36": ("Chrome", "Android"),
    f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} SamsungBrowser/28.0 Mobile Safari/537.36": (
        "Samsung Internet",
        "Android",
    ),
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36": ("Chrome", "ChromeOS"),
    f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} Safari/537.36 OPR/120.0": ("Opera", "Linux"),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0": (
        "Firefox",
        "macOS",
    ),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Safari/605.1.15": ("Safari", "macOS"),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) CriOS/142.0 Mobile/15E148 Safari/604.1": ("Chrome", "iPhone"),
    "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "FxiOS/140.0 Mobile/15E148 Safari/605.1.15": ("Firefox", "iPad"),
    f"Mozilla/5.0 (Linux; Android 14) {CHROME} Mobile MicroMessenger/8.0": ("WeChat", "Android"),
    "curl/8.14.1": ("curl", None),
    "": (None, None),
    "\u00e9" * 5000: (None, None),
}


@pytest.mark.parametrize(("agent", "names"), AGENTS.items())
def test_browser_and_system_have_names(
    app: Flask, agent: str, names: tuple[str | None, str | None]
) -> None:
    with app.test_request_context(headers={"User-Agent": agent}):
        assert current_device()[:2] == names


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", None),
        ("unix:", None),
        (None, None),
    ],
)
def test_address_is_shortened(address: str | None, network: str | None) -> None:
    assert network_of(address) == network


def test_longest_network_fits_its_column() -> None:
    assert len(network_of("ffff:ffff:ffff::1") or "") <= 43
