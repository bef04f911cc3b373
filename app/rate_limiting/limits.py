"""Rate limits, read from the settings RATELIMIT_…, and the clients whose hits are counted."""

from collections.abc import Callable
from ipaddress import IPv6Network, ip_address

from flask import current_app, request


def limit_from(name: str) -> Callable[[], str]:
    """Return a callable for Flask-Limiter that returns the setting `name`."""
    return lambda: str(current_app.config[name])


LOGIN = limit_from("RATELIMIT_LOGIN")
API = limit_from("RATELIMIT_API")
LOGIN_SCOPE = "passwords"  # pages and the API share one count


def client_network() -> str:
    """Return the IPv4 address of the client, or its IPv6 network: each client has a /64 or more.

    All clients whose address is unknown are counted as one.
    """
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:  # a Unix socket, or a proxy that sends something else
        return "unknown"
    address = getattr(address, "ipv4_mapped", None) or address
    if address.version == 4:
        return str(address)
    return str(IPv6Network((int(address), 64), strict=False))
