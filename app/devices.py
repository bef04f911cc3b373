"""The device of a request: its browser, its system and its network, for lists that people read.

The network is a part of the IP address: enough to recognize one's own, but not one computer.
"""

import re
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

from flask import has_request_context, request
from sqlalchemy import event

from .models import LoginSession, SecurityEvent

# The first pattern that the User-Agent header contains: most browsers name several. To ask for
# more would take a library with hundreds of patterns; unknown ones are shown as such.
BROWSERS = {
    "MicroMessenger": "WeChat",
    "Edg": "Edge",
    "OPR|Opera": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "HuaweiBrowser": "Huawei Browser",
    "MQQBrowser|QQBrowser": "QQ Browser",
    "UCBrowser": "UC Browser",
    "Vivaldi": "Vivaldi",
    "YaBrowser": "Yandex Browser",
    "Firefox|FxiOS": "Firefox",
    "Chrome|CriOS|Chromium": "Chrome",
    "Safari": "Safari",
    "curl/": "curl",
}
SYSTEMS = {
    "iPhone|iPod": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "OpenHarmony|HarmonyOS": "HarmonyOS",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
}
PREFIXES = {4: 24, 6: 48}  # bits of the IP address that are kept, per version


class Device(NamedTuple):
    """The names of a browser and its system, and its network; None if unknown."""

    browser: str | None
    system: str | None
    network: str | None


def current_device() -> Device:
    """Return the device of the current request."""
    agent = request.headers.get("User-Agent", "")
    return Device(_find(BROWSERS, agent), _find(SYSTEMS, agent), current_network())


def current_network() -> str | None:
    """Return the network of the current request, such as 203.0.113.0/24, or None if unknown."""
    return network_of(request.remote_addr)


def network_of(address: str | None) -> str | None:
    """Return the /24 of an IPv4 address or the /48 of an IPv6 address, or None if it is none."""
    try:
        parsed = ip_address(address or "")
    except ValueError:  # a Unix socket, or a proxy that sends something else
        return None
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return str(ip_network((int(parsed), PREFIXES[parsed.version]), strict=False))


def _find(names: dict[str, str], agent: str) -> str | None:
    return next((name for pattern, name in names.items() if re.search(pattern, agent)), None)


@event.listens_for(LoginSession, "before_insert")
@event.listens_for(SecurityEvent, "before_insert")
def _set_device(_mapper: Any, _connection: Any, row: LoginSession | SecurityEvent) -> None:
    """Store the device of the request with each row that it creates; models know no requests."""
    if has_request_context():
        row.browser, row.system, row.network = current_device()
