"""The endpoints /healthz (liveness) and /readyz (readiness).

Load balancers request them every second, by any host name, over plain HTTP, and during outages.
So they are answered before any other `before_request` function runs.
"""

from typing import Any

from flask import Flask, Response, current_app, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from ..extensions import limiter
from ..security.cache_control import no_store
from ..security.trusted_clients import is_trusted_client
from .checks import Readiness

ENDPOINTS = ("healthz", "readyz")


class Process:
    """State of this process, shared by all applications in it."""

    is_stopping = False


def init_app(app: Flask) -> None:
    """Register the endpoints; no connection is opened before the first request."""
    app.extensions["readiness"] = Readiness(app)
    for view in (healthz, readyz):
        name = view.__name__
        app.add_url_rule(f"/{name}", name, view, provide_automatic_options=False)
    app.before_request(dispatch_health_check)


def mark_stopping() -> None:
    """Answer /readyz with 503 from now on. Safe to call in a signal handler."""
    Process.is_stopping = True


def dispatch_health_check() -> ResponseReturnValue | None:
    """Answer a health check before the other `before_request` functions run."""
    return current_app.dispatch_request() if request.endpoint in ENDPOINTS else None


def healthz() -> ResponseReturnValue:
    """Return 200 if the process is alive."""
    return Response("ok", headers={"Cache-Control": "no-store"}, mimetype="text/plain")


def readyz() -> ResponseReturnValue:
    """Return 200 if every check passes, else 503; details only for trusted clients."""
    if Process.is_stopping:
        results, status = {}, "stopping"
    else:
        results = current_app.extensions["readiness"].results()
        status = "ready" if all(result.ok for result in results.values()) else "not ready"
    body: dict[str, Any] = {"status": status}
    if is_trusted_client():
        config = current_app.config
        body |= {"release": config["RELEASE"], "commit": config["COMMIT"], "checks": results}
        body["degraded"] = degraded()
    return no_store(make_response(jsonify(body), 200 if status == "ready" else 503))


def degraded() -> list[str]:
    """Return the servers that this process last found unavailable, and that no request needs."""
    circuits = {
        "redis": getattr(limiter.storage, "circuit", None),
        "mail server": current_app.extensions.get("smtp_circuit"),
    }
    return [name for name, circuit in circuits.items() if circuit and circuit.has_failed]
