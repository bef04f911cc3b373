"""Trusted proxies and trusted hosts.

The client's IP address, the scheme and the host are taken from headers only as far as
TRUSTED_PROXY_COUNT and TRUSTED_HOST_PROXY_COUNT allow. Flask rejects hosts that are not in
TRUSTED_HOSTS.
"""

import re
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from .trusted_clients import PROBES

PROBE_PATHS = {f"/{name}" for name in PROBES}
FORWARDED_LISTS = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")
# A port behind an IP address, and the brackets around an IPv6 address.
PORT = re.compile(r"\[([^][,]*)\](?::\d*)?|\b(\d{1,3}(?:\.\d{1,3}){3}):\d+")
TRAILING_DOT = re.compile(r"\.(?=$|:)")


def init_app(app: Flask) -> None:
    """Configure ProxyFix and the trusted hosts."""
    # For “/post//1” Werkzeug would redirect to an absolute URL with the request's scheme and port.
    app.url_map.merge_slashes = False
    if app.config["TRUSTED_HOSTS"]:
        app.config["TRUSTED_HOSTS"] = [name.lower() for name in app.config["TRUSTED_HOSTS"]]
    wsgi_app = normalize_host(app.wsgi_app, app.config["TRUSTED_HOSTS"])
    hops, host_hops = app.config["TRUSTED_PROXY_COUNT"], app.config["TRUSTED_HOST_PROXY_COUNT"]
    # No x_port and x_prefix: the host includes the port, and the site has no prefix.
    wsgi_app = clean_forwarded(ProxyFix(wsgi_app, x_for=hops, x_proto=hops, x_host=host_hops))
    app.wsgi_app = wsgi_app  # type: ignore[assignment, method-assign]  # as Flask advises


def normalize_host(wsgi_app: WSGIApplication, trusted: list[str] | None) -> WSGIApplication:
    """Return middleware that normalizes the host, which Werkzeug compares byte by byte.

    It converts it to lowercase and removes a trailing dot. Health checks may use any host, so
    theirs is replaced with the first trusted one.
    """
    # As browsers send it: an entry of TRUSTED_HOSTS may have a leading dot and a port.
    own = trusted and trusted[0].removeprefix(".").partition(":")[0].encode("idna").decode()

    def middleware(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if own and environ.get("PATH_INFO") in PROBE_PATHS:
            environ["HTTP_HOST"] = own
        elif "HTTP_HOST" in environ:
            environ["HTTP_HOST"] = TRAILING_DOT.sub("", environ["HTTP_HOST"].lower())
        return wsgi_app(environ, start_response)

    return middleware


def clean_forwarded(wsgi_app: WSGIApplication) -> WSGIApplication:
    """Return middleware that removes quotes and ports from the X-Forwarded headers.

    Werkzeug parses quoted strings in them: with an unbalanced quote, a client could hide what the
    proxy appended, and would get the IP address of the proxy. No proxy sends quotes. Some, such
    as Azure's, append the port, which would make each connection a client of its own.
    """

    def middleware(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        for name in FORWARDED_LISTS:
            if name in environ:
                environ[name] = environ[name].replace('"', "")
        if "HTTP_X_FORWARDED_FOR" in environ:
            environ["HTTP_X_FORWARDED_FOR"] = PORT.sub(r"\1\2", environ["HTTP_X_FORWARDED_FOR"])
        return wsgi_app(environ, start_response)

    return middleware
