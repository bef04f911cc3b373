"""Trusted proxies and trusted hosts.

The client's IP address, the scheme and the host are taken from headers only as far as
TRUSTED_PROXY_COUNT and TRUSTED_HOST_PROXY_COUNT allow. Flask rejects hosts that are not in
TRUSTED_HOSTS. A site below a path takes its prefix from SITE_URL, never from X-Forwarded-Prefix.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit
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
    """Configure ProxyFix, the trusted hosts and the path of SITE_URL."""
    # For “/user//x” Werkzeug would redirect to an absolute URL with the request's scheme and port.
    app.url_map.merge_slashes = False
    if app.config["TRUSTED_HOSTS"]:
        app.config["TRUSTED_HOSTS"] = [name.lower() for name in app.config["TRUSTED_HOSTS"]]
    wsgi_app = normalize_host(app.wsgi_app, app.config["TRUSTED_HOSTS"])
    hops, host_hops = app.config["TRUSTED_PROXY_COUNT"], app.config["TRUSTED_HOST_PROXY_COUNT"]
    # No x_port and x_prefix: the host includes the port, and SITE_URL has the prefix.
    wsgi_app = clean_forwarded(ProxyFix(wsgi_app, x_for=hops, x_proto=hops, x_host=host_hops))
    prefix = urlsplit(app.config["SITE_URL"]).path
    app.config["APPLICATION_ROOT"] = app.config["REMEMBER_COOKIE_PATH"] = prefix or "/"
    app.wsgi_app = mount(wsgi_app, prefix) if prefix else wsgi_app  # type: ignore[assignment, method-assign]  # as Flask advises


def mount(wsgi_app: WSGIApplication, prefix: str) -> WSGIApplication:
    """Return middleware that moves `prefix`, such as `/blog`, from PATH_INFO to SCRIPT_NAME.

    Paths without it are served too: a proxy may have removed it, and health checks lack it.
    """

    def middleware(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if f"{path}/".startswith(f"{prefix}/"):
            path = path.removeprefix(prefix)
        return wsgi_app(
            environ | {"SCRIPT_NAME": prefix, "PATH_INFO": path or "/"}, start_response
        )

    return middleware


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
