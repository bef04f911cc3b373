"""/healthz: is the process alive? /readyz: can it do its work?

Machines ask these, once a second and more, by any name and over plain http, and also while
everything behind the site is broken. So they are answered before anything else looks at the
request: no session, no reader, no limit, no redirect.
"""

from typing import Any

from flask import Flask, Response, current_app, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from .readiness import Finding, Readiness, readiness_of
from .security import is_trusted_caller

ENDPOINTS = ("healthz", "readyz")


class Process:
    """What is so for the whole process, whichever application it runs."""

    is_stopping = False


def init_app(app: Flask) -> None:
    """Answer the probes."""
    app.extensions["readiness"] = readiness_of(app)
    for view in (healthz, readyz):
        name = view.__name__
        app.add_url_rule(f"/{name}", name, view, provide_automatic_options=False)
    app.before_request(answer_probes)


def stopping() -> None:
    """Answer /readyz with 503 from now on: this process is about to end.

    For handlers of signals: it takes no lock, writes nothing and may be called at any moment.
    """
    Process.is_stopping = True


def answer_probes() -> ResponseReturnValue | None:
    """Answer a probe at once, and let nothing that comes later look at it."""
    return current_app.dispatch_request() if request.endpoint in ENDPOINTS else None


def healthz() -> ResponseReturnValue:
    """Tell that the process is alive, and nothing else."""
    return unstored(make_response("ok", {"Content-Type": "text/plain; charset=utf-8"}))


def readyz() -> ResponseReturnValue:
    """Tell whether the site can do its work; why not, to those who run it alone."""
    findings = [] if Process.is_stopping else _readiness().findings()
    if Process.is_stopping:
        status = "stopping"
    else:
        status = "ready" if all(found.ok for found in findings) else "not ready"
    answer = {"status": status} | (_details(findings) if is_trusted_caller() else {})
    response = jsonify(answer)
    response.status_code = 200 if status == "ready" else 503
    return unstored(response)


def unstored(response: Response) -> Response:
    """Tell caches that the next one who asks may get another answer."""
    response.cache_control.no_store = True
    return response


def _readiness() -> Readiness:
    readiness: Readiness = current_app.extensions["readiness"]
    return readiness


def _details(findings: list[Finding]) -> dict[str, Any]:
    return {
        "release": current_app.config["FLASKY_RELEASE"],
        "commit": current_app.config["FLASKY_COMMIT"],
        "checks": {
            found.name: {
                "ok": found.ok,
                "duration_ms": round(found.seconds * 1000, 1),
                "detail": found.detail,
            }
            for found in findings
        },
    }
