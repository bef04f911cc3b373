"""Invalid requests: too many fields, NUL characters, impossible ids, malformed headers."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Request, abort, current_app, request
from flask_babel import gettext
from werkzeug.datastructures import Authorization
from werkzeug.exceptions import NotFound
from werkzeug.routing import IntegerConverter, Map, ValidationError

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
MAX_ID = 2**31 - 1  # PostgreSQL's INTEGER


class IdConverter(IntegerConverter):
    """The id of a row, `<id:id>` in a rule; a number that cannot be one is a 404."""

    regex = "[0-9]+"  # ASCII digits only

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=MAX_ID)

    def to_python(self, value: str) -> int:
        """Return the id, or raise NotFound.

        A ValidationError would let Werkzeug try the other rules of the URL, and answer 405 if
        one of them has another method.
        """
        try:
            return int(super().to_python(value))
        except ValidationError:
            raise NotFound from None


class SiteRequest(Request):
    """A request whose headers may be malformed."""

    @property
    def authorization(self) -> Authorization | None:
        """The Authorization header, or None if it is missing or malformed."""
        try:
            return super().authorization
        except ValueError:  # Werkzeug raises it for characters outside ASCII
            return None

    @property
    def referrer(self) -> str:  # type: ignore[override]  # read-only
        """The Referer or else Origin header, or "" if it is missing or malformed.

        Flask-WTF accepts a form over HTTPS only from a page of this host. Browsers can be set to
        send no Referer; all of them send Origin.
        """
        sender = self.headers.get("Referer") or self.headers.get("Origin", "")
        try:
            urlsplit(sender).port  # noqa: B018 - raises an error, as it does in Flask-WTF
        except ValueError:
            return ""
        return sender


def init_app(app: Flask) -> None:
    """Register the request class, the converter and the checks."""
    app.request_class = SiteRequest
    app.url_map.converters["id"] = IdConverter
    app.before_request(validate)


def validate() -> None:
    """Answer 400 or 413 to requests that cannot be processed."""
    if request.query_string or request.method not in SAFE_METHODS:
        limit_fields()
        reject_nul(value for _name, value in request.values.items(multi=True))
    reject_nul([request.path])


def limit_fields() -> None:
    """Answer 413 to more than MAX_FORM_PARTS fields, and 400 to as many query parameters.

    Werkzeug counts the fields of multipart/form-data only. The CSRF check, which comes later,
    parses the form.
    """
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    body = request.get_data() if is_form else b""
    for text, status in ((body, 413), (request.query_string, 400)):
        if text.count(b"&") >= current_app.config["MAX_FORM_PARTS"]:
            abort(status)


def reject_nul(values: Iterable[Any]) -> None:
    """Answer 400 to a NUL character in the URL or the form: PostgreSQL cannot store one."""
    if any("\0" in value for value in values):
        abort(400, gettext("The request contains a character that cannot be stored (NUL)."))
