"""Proxies before the site, and the names it answers to.

Nothing that a client sends decides where a request comes from, over what, or for which site: as
many proxies as the operator declares are believed, and Flask refuses a host that is not in
TRUSTED_HOSTS (errors.py answers).
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Whoever probes asks a machine by its address, and does not know the name of the site.
PROBES = {"/healthz", "/readyz", "/metrics"}
LISTS = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")
FINAL_DOT = re.compile(r"\.(?=$|:)")


def init_app(app: Flask) -> None:
    """Believe as many proxies as are declared, and no more; know the site by its names."""
    # “/post//1” is no address of ours. Werkzeug would lead to the right one by an absolute URL,
    # made of the scheme and the port that the request claims.
    app.url_map.merge_slashes = False
    if app.config["TRUSTED_HOSTS"]:
        app.config["TRUSTED_HOSTS"] = [name.lower() for name in app.config["TRUSTED_HOSTS"]]
    site = named(app.wsgi_app, app.config["TRUSTED_HOSTS"] or [])
    hops, host_hops = app.config["FLASKY_PROXIES"], app.config["FLASKY_PROXIES_HOST"]
    if hops or host_hops:
        # Neither port nor prefix: the site's own port is in the host, and it has no prefix.
        site = unquoted(ProxyFix(site, x_for=hops, x_proto=hops, x_host=host_hops))
    app.wsgi_app = site  # type: ignore[assignment, method-assign]  # Flask's way


def named(site: "WSGIApplication", names: list[str]) -> "WSGIApplication":
    """Return `site` with the host of each request written in one way; probes get the site's own.

    Case and a final dot make no other host of it, and Werkzeug compares letter by letter.
    """
    own = _host(names[0]) if names else None

    def served(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if own and environ.get("PATH_INFO") in PROBES:
            environ["HTTP_HOST"] = own
        elif "HTTP_HOST" in environ:
            environ["HTTP_HOST"] = FINAL_DOT.sub("", environ["HTTP_HOST"].lower())
        return site(environ, start_response)

    return served


def unquoted(site: "WSGIApplication") -> "WSGIApplication":
    """Return `site` with the lists that proxies extend taken word for word.

    Werkzeug reads quotation marks in them: after one that a client has opened and not closed, it
    finds nothing, and the client would pass for the proxy. No proxy writes any.
    """

    def served(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        for name in LISTS:
            if name in environ:
                environ[name] = environ[name].replace('"', "")
        return site(environ, start_response)

    return served


def _host(name: str) -> str:
    """Return a host that `name`, from TRUSTED_HOSTS, takes in, as a request would write it."""
    return name.removeprefix(".").partition(":")[0].encode("idna").decode()
