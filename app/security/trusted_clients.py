"""Clients that may see metrics and the details of health checks."""

import hmac

from flask import current_app, request

# Endpoints that monitoring asks; the URL of each is `/` and its name.
PROBES = frozenset({"healthz", "readyz", "metrics"})

# Headers that proxies add to the requests they forward.
FORWARDING = (
    *("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP"),
    *("Forwarded", "Via"),
)

# The IP addresses of clients on this machine, and those of requests over a Unix socket.
LOCAL = {"127.0.0.1", "::1", "::ffff:127.0.0.1", "", None}


def is_trusted_client() -> bool:
    """Return True if the client sends METRICS_TOKEN, or is a process on this machine.

    A request that a proxy has forwarded does not count as local, although the proxy may run on
    this machine. A proxy that adds none of the `FORWARDING` headers cannot be recognized: do not
    let it forward `/metrics` and `/readyz`.
    """
    token = current_app.config["METRICS_TOKEN"]
    sent = request.authorization
    if token and sent and sent.type == "bearer" and sent.token:
        return hmac.compare_digest(sent.token.encode(), token.encode())
    # ProxyFix changes the remote address only if one of these headers is present.
    forwarded = any(name in request.headers for name in FORWARDING)
    return not forwarded and request.remote_addr in LOCAL
