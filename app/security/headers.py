"""Security headers on every response: Content-Security-Policy and others.

They are set by WSGI middleware, not by `after_request`, so that responses to failed hooks and
rejected requests have them too.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, after_this_request, request

from ..avatars import GRAVATAR
from .cache_control import no_store

NONCE = "flasky.csp_nonce"  # key in the WSGI environment

# All features that the site does not use: it writes to the clipboard (copy.js) and
# uses passkeys (passkeys.js). Browsers warn
# about unknown names, so features that only some browsers know are left out.
DISABLED_FEATURES = """
    accelerometer autoplay camera clipboard-read display-capture encrypted-media
    fullscreen gamepad geolocation gyroscope hid idle-detection keyboard-map local-fonts
    magnetometer microphone midi otp-credentials payment picture-in-picture
    screen-wake-lock serial storage-access sync-xhr usb window-management xr-spatial-tracking
"""
FIXED_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    # Like frame-ancestors, for old browsers and for a policy that only reports.
    ("X-Frame-Options", "DENY"),
    # Links in emails have tokens in their path, which other sites must not see.
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", ", ".join(f"{name}=()" for name in DISABLED_FEATURES.split())),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]


def init_app(app: Flask) -> None:
    """Set the headers on every response of `app`."""
    app.add_template_global(csp_nonce)
    app.wsgi_app = add_headers(app.wsgi_app, app.config)  # type: ignore[assignment, method-assign]  # as Flask advises


def static_headers(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the headers of a response without a nonce, such as a static file."""
    release = [("X-Release", settings["RELEASE"])] if settings["RELEASE"] else []
    return [_csp_header(settings), *FIXED_HEADERS, *release]


def csp_nonce() -> str:
    """Return the nonce of this request, for `<script nonce="{{ csp_nonce() }}">` in templates.

    Only pages that call this have a nonce in their policy. They are not cached, because a nonce
    must not be served twice.
    """
    if NONCE not in request.environ:
        request.environ[NONCE] = secrets.token_urlsafe(16)
        after_this_request(no_store)
    nonce: str = request.environ[NONCE]
    return nonce


def add_headers(wsgi_app: WSGIApplication, settings: Mapping[str, Any]) -> WSGIApplication:
    """Return middleware that adds each header that a response does not have yet."""
    csp, *others = static_headers(settings)

    def middleware(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(
            status: str, headers: list[tuple[str, str]], *exc_info: Any
        ) -> Callable[[bytes], object]:
            nonce = environ.get(NONCE)
            defaults = [_csp_header(settings, nonce) if nonce else csp, *others]
            present = {name.lower() for name, _value in headers}
            missing = [header for header in defaults if header[0].lower() not in present]
            return start_response(status, [*headers, *missing], *exc_info)

        return wsgi_app(environ, start)

    return middleware


def _csp_header(settings: Mapping[str, Any], nonce: str | None = None) -> tuple[str, str]:
    """Return the Content-Security-Policy header, or the report-only one."""
    scripts = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    images = f"'self' {GRAVATAR}" if settings["GRAVATAR_ENABLED"] else "'self'"
    policy = [
        *("default-src 'none'", f"script-src {scripts}", f"style-src {scripts}"),
        *(f"img-src {images}", "font-src 'self'", "connect-src 'self'", "manifest-src 'self'"),
        *("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"),
    ]
    if settings["CSP_REPORT_ONLY"]:
        return "Content-Security-Policy-Report-Only", "; ".join(policy)
    if settings["SITE_URL"].startswith("https:"):
        policy.append("upgrade-insecure-requests")  # has no effect in a report-only policy
    return "Content-Security-Policy", "; ".join(policy)
