"""What the site does not take from strangers."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, request, session, url_for
from flask_babel import gettext
from werkzeug.routing import IntegerConverter, Map


class IdConverter(IntegerConverter):
    """A number that can be a row's id; a larger one is no address of ours (404)."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=2**31 - 1)


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
    response.vary.add("Accept-Language")
    personal = session or getattr(g.get("_login_user"), "is_authenticated", False)
    if personal and not response.cache_control.public:
        response.cache_control.private = True
        response.cache_control.no_cache = True
    return response


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
