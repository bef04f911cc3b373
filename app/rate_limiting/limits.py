"""Rate limits, read from the settings RATELIMIT_…, and the clients whose hits are counted."""

from collections.abc import Callable
from ipaddress import IPv6Network, ip_address

from flask import current_app, request
from flask_limiter import Limiter, RequestLimit
from flask_login import current_user
from limits import parse_many
from werkzeug.exceptions import TooManyRequests


def limit_from(name: str) -> Callable[[], str]:
    """Return a callable for Flask-Limiter that returns the setting `name`."""
    return lambda: str(current_app.config[name])


LOGIN = limit_from("RATELIMIT_LOGIN")
API = limit_from("RATELIMIT_API")
SEARCH = limit_from("RATELIMIT_SEARCH")  # demo-only
LOGIN_SCOPE = "passwords"  # pages and the API share one count
SEARCH_SCOPE = "searches"  # demo-only
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


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


def limit_per_account(limiter: Limiter) -> Callable[[], None]:
    """Return a `before_request` function that limits the changes of accounts.

    It is no limit of Flask-Limiter's own: those are checked before a token is.
    """

    def check() -> None:
        is_change = limiter.enabled and request.method not in SAFE_METHODS
        if not (is_change and current_user.is_authenticated):
            return
        setting = "RATELIMIT_CHANGE"
        # demo-only: begin
        if request.endpoint == "main.preview":
            setting = "RATELIMIT_PREVIEW"
        # demo-only: end
        hit(limiter, setting, str(current_user.id))

    return check


def hit(limiter: Limiter, setting: str, key: str) -> None:
    """Count a hit of `key`; raise TooManyRequests if it exceeds the limits in `setting`."""
    for limit in parse_many(current_app.config[setting]):
        keys = [key, setting]
        if not limiter.limiter.hit(limit, *keys):
            exceeded = RequestLimit(limiter, limit, keys, breached=True, shared=True)
            limiter.context.view_rate_limit = exceeded  # for the headers of the response
            raise TooManyRequests


def forget_hits(limiter: Limiter, setting: str, key: str) -> None:
    """Delete the hits of `key`."""
    for limit in parse_many(current_app.config[setting]):
        limiter.limiter.clear(limit, key, setting)
