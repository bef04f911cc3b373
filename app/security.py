"""What the site does not take from strangers."""

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, request, session, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound
from werkzeug.routing import IntegerConverter, Map, ValidationError

from .audience import is_for_programs

# What a proxy, any proxy, adds to the requests that it passes on.
FORWARDING = (
    *("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP"),
    *("Forwarded", "Via"),
)


class IdConverter(IntegerConverter):
    """A number that can be a row's id; a larger one is no address of ours (404)."""

    regex = "[0-9]+"  # and not the digits of all scripts

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=2**31 - 1)

    def to_python(self, value: str) -> int:
        """Say at once that there is no such row.

        Werkzeug would blame the method, where each method of an address has a view of its own.
        """
        try:
            return int(super().to_python(value))
        except ValidationError:
            raise NotFound from None


def init_app(app: Flask) -> None:
    """Refuse what no honest browser sends."""
    app.url_map.converters["id"] = IdConverter
    app.before_request(refuse_nul)
    app.after_request(keep_private)


def refuse_nul() -> None:
    """Answer 400 to a NUL character: PostgreSQL cannot store one, and nobody can type one."""
    values = [request.path, *request.args.values()]
    if request.method == "POST":
        values += [value for _name, value in request.form.items(multi=True)]
    if any("\0" in value for value in values):
        abort(400, gettext("The request holds a character that cannot be stored (NUL)."))


def keep_private(response: Response) -> Response:
    """Let no cache between the site and a reader keep a page that is that reader's own."""
    if is_for_programs():
        response.vary.add("Authorization")
        has_session = False
    else:
        response.vary.add("Accept-Language")
        has_session = bool(session)
    personal = has_session or getattr(g.get("_login_user"), "is_authenticated", False)
    if personal and not response.cache_control.public:
        response.cache_control.private = True
        response.cache_control.no_cache = True
    return response


def is_trusted_caller() -> bool:
    """Tell whether the request comes from whoever runs this site, and not from a reader.

    With FLASKY_MONITOR_TOKEN, that is whoever sends it. Any program on this machine is trusted
    too, unless what it sends has come through a proxy: the proxy is on this machine as well, and
    the reader behind it is not. A proxy that tells nothing of itself cannot be told from a
    program; such a proxy must not pass the probes' addresses on.
    """
    token = current_app.config["FLASKY_MONITOR_TOKEN"]
    sent = request.authorization
    if token and sent and sent.type == "bearer" and sent.token:
        return hmac.compare_digest(sent.token.encode(), token.encode())
    # Whatever made another address of the peer's (proxies.py) did so because of such a header.
    forwarded = any(name in request.headers for name in FORWARDING)
    return not forwarded and _is_this_machine(request.remote_addr)


def _is_this_machine(peer: str | None) -> bool:
    if not peer:  # a unix socket
        return True
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def is_safe_redirect(target: str | None) -> bool:
    """Tell whether `target` is an address on this site, written as a plain path.

    Browsers drop control characters and read a backslash as a slash, and two slashes begin the
    name of a host: such targets lead elsewhere.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return False
    if "\\" in target or any(character <= " " or character == "\x7f" for character in target):
        return False
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc


def redirect_target(fallback: str = "main.index") -> str:
    """Return where the request asks to go `next`, if that is safe, else the page `fallback`."""
    target = request.form.get("next") or request.args.get("next")
    return target if target is not None and is_safe_redirect(target) else url_for(fallback)
