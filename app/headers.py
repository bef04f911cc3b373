"""Headers that tell browsers what they may do with an answer, on every answer.

They are put on around the application and not by `after_request`: what a broken hook or a refused
request ends in has them too.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, after_this_request, request

from .avatars import GRAVATAR

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NONCE = "flasky.csp_nonce"  # where a request keeps its nonce, in the WSGI environment

# Everything that a page of ours could ask a browser for, and none does. Browsers complain of
# names that they do not know, so those that only some of them have are left out.
FORBIDDEN_FEATURES = (
    *("accelerometer", "autoplay", "camera", "clipboard-read", "clipboard-write"),
    *("display-capture", "encrypted-media", "fullscreen", "gamepad", "geolocation", "gyroscope"),
    *("hid", "idle-detection", "keyboard-map", "local-fonts", "magnetometer", "microphone"),
    *("midi", "otp-credentials", "payment", "picture-in-picture", "publickey-credentials-create"),
    *("publickey-credentials-get", "screen-wake-lock", "serial", "storage-access", "sync-xhr"),
    *("usb", "window-management", "xr-spatial-tracking"),
)
FIXED = [
    ("X-Content-Type-Options", "nosniff"),
    # What frame-ancestors says, for browsers that do not know it and for a policy that only
    # reports.
    ("X-Frame-Options", "DENY"),
    # Links in letters hold secrets in their path: no other site may be told of them.
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", ", ".join(f"{name}=()" for name in FORBIDDEN_FEATURES)),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]


def init_app(app: Flask) -> None:
    """Put the headers on every answer."""
    app.add_template_global(csp_nonce)
    app.wsgi_app = with_headers(app.wsgi_app, app.config)  # type: ignore[assignment, method-assign]  # Flask's way


def static_headers(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the headers of an answer without a nonce, which all files are."""
    release = settings["FLASKY_RELEASE"]
    return [
        _policy_header(settings),
        *FIXED,
        *([("X-Release", release)] if release else []),
    ]


def csp_nonce() -> str:
    """Return this request's nonce: `<script nonce="{{ csp_nonce() }}">` may then stand in a page.

    Only pages whose template asks have one in their policy. Others may be kept by a proxy and
    handed to many readers, and a nonce that is known before is worth nothing. For the same
    reason a page that asks is kept by nobody.
    """
    if NONCE not in request.environ:
        request.environ[NONCE] = secrets.token_urlsafe(16)
        after_this_request(_keep_nowhere)
    nonce: str = request.environ[NONCE]
    return nonce


def with_headers(site: "WSGIApplication", settings: Mapping[str, Any]) -> "WSGIApplication":
    """Return `site` with the headers on each answer that does not have its own."""
    usual = static_headers(settings)

    def served(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(
            status: str, headers: list[tuple[str, str]], *error: Any
        ) -> Callable[[bytes], object]:
            nonce = environ.get(NONCE)
            ours = [_policy_header(settings, nonce), *usual[1:]] if nonce else usual
            own = {name.lower() for name, _value in headers}
            missing = [(name, value) for name, value in ours if name.lower() not in own]
            return start_response(status, [*headers, *missing], *error)

        return site(environ, start)

    return served


def _policy_header(settings: Mapping[str, Any], nonce: str | None = None) -> tuple[str, str]:
    """Return the content security policy, to be enforced or to be reported on."""
    allowed = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    pictures = f"'self' {GRAVATAR}" if settings["FLASKY_GRAVATAR"] else "'self'"
    policy = [
        *("default-src 'none'", f"script-src {allowed}", f"style-src {allowed}"),
        *(f"img-src {pictures}", "font-src 'self'", "connect-src 'self'", "manifest-src 'self'"),
        *("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"),
    ]
    if settings["CSP_REPORT_ONLY"]:
        return "Content-Security-Policy-Report-Only", "; ".join(policy)
    if settings["FLASKY_URL"].startswith("https:"):
        policy.append("upgrade-insecure-requests")  # does something, so it cannot only report
    return "Content-Security-Policy", "; ".join(policy)


def _keep_nowhere(response: Response) -> Response:
    response.cache_control.no_store = True
    return response
