"""No request is an error: hostile text in every field, property, parameter, header and path.

The fields are those of the forms on the pages, and the properties those of the OpenAPI document,
so new ones are covered, too.
"""

import io
import json
import logging
from typing import Any, NamedTuple
from urllib.parse import quote_from_bytes, urljoin, urlsplit

import pytest
from flask import Flask
from hypothesis import given, note
from hypothesis import strategies as st
from werkzeug.test import create_environ, run_wsgi_app

from app.api.openapi import PREFIX, SCHEMAS
from tests.support.api_client import Contract, issue_token
from tests.support.endpoints import ENDPOINTS, FORMS, PAGES
from tests.support.fuzzing import fuzz
from tests.support.http_client import Page
from tests.support.roles import RoleClients

pytestmark = pytest.mark.both_databases

USERS = ("anonymous", "administrator")
ALLOWED_STATUSES = range(200, 500)

TEXTS = [
    *(
        "",
        " ",
        "\0",
        "a\0b",
        "%",
        "%00",
        "%zz",
        "+",
        "-1",
        "0",
        "1e400",
        "NaN",
        "\u0663",
        "\uff11",
    ),
    *("2147483648", "9" * 5000, "x" * 100_000, "\u202eevil", "\u200b", "\U0001f3f4" * 500),
    *(
        "e\u0301" * 5000,
        "[]()" * 2000,
        "> " * 2000,
        "*_" * 2000,
        "&" * 1000,
        "\r\nSet-Cookie: x=y",
    ),
    *("' OR 1=1 --", "<script>", "{{7*7}}", "%s%n{0}", "../../etc/passwd", "//evil.example"),
    *("ann@example.com\0", "a@b", "@", "a" * 250 + "@x.com", "a@xn--a.com", "\xe9@\xe9.\xe9"),
    *("[", "]", "[1]", "null", "true", '{"a":', "*", '"', "W/", '""', "\\", ";", "en_GB", "y"),
]
# Not UTF-8: a lone byte, a surrogate, half a character.
BYTES = [*(text.encode() for text in TEXTS), b"\xff\xfe", b"\xed\xa0\x80", b"\xc3", b"\x80"]
VALUES = st.sampled_from(BYTES) | st.binary(max_size=50) | st.text(max_size=50).map(str.encode)
JSON_VALUES = st.recursive(
    st.sampled_from([None, True, -1, 2**31, 10**400, 1e308, "\ud800", *TEXTS])
    | st.integers()
    | st.floats()
    | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
# Headers that something reads, and the beginnings of valid values.
HEADERS: dict[str, list[bytes]] = {
    "Accept": [b"text/html;q=", b"application/json, "],
    "Accept-Encoding": [b"gzip;q=", b"br, "],
    "Accept-Language": [b"en;q=", b"fr-", b"en-GB, "],
    "Access-Control-Request-Headers": [b"X-"],
    "Access-Control-Request-Method": [b"POST"],
    "Authorization": [b"Basic ", b"Basic YTpi", b"Bearer ", b"Bearer flasky_", b"Digest a="],
    "Content-Encoding": [b"gzip"],
    "Content-Type": [
        *(b"application/json; charset=", b"multipart/form-data; boundary=", b"text/plain"),
        b"application/x-www-form-urlencoded; charset=",
    ],
    "Cookie": [b"session=", b"session=eyJ", b"remember_token=", b"remember_token=1|", b"lang="],
    "Expect": [b"100-continue"],
    "Forwarded": [b"for=", b'for="[::1'],
    "Host": [b"localhost:", b"localhost", b"["],
    "Idempotency-Key": [b"key"],
    "If-Match": [b'"', b'W/"', b"*, "],
    "If-Modified-Since": [b"Thu, 31 Dec ", b"Thu, 01 Jan 1970 00:00:00 "],
    "If-None-Match": [b'"', b'W/"', b"*, "],
    "If-Range": [b'"', b"Thu, 31 Dec "],
    "If-Unmodified-Since": [b"Thu, 31 Dec "],
    "Origin": [b"http://localhost:", b"http://[", b"null"],
    "Range": [b"bytes=", b"bytes=0-", b"bytes=-"],
    "Referer": [b"http://localhost:", b"http://[", b"https://localhost/"],
    "User-Agent": [b"Mozilla/5.0 "],
    "X-CSRFToken": [b"Ij"],
    "X-Forwarded-For": [b"192.0.2.7, ", b"[::1]:", b"fe80::1%"],
    "X-Forwarded-Host": [b"localhost, "],
    "X-Forwarded-Prefix": [b"/x"],
    "X-Forwarded-Proto": [b"https, "],
    "X-HTTP-Method-Override": [b"DELETE"],
    "X-Request-ID": [b"12345678"],
}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO"]


class Target(NamedTuple):
    """A method and path, with the names of its form fields, JSON properties and parameters."""

    method: str
    path: str
    fields: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ("next", "before", "after", "limit")
    is_json: bool = False


class Request(NamedTuple):
    """A generated request."""

    method: str
    path: bytes
    query: bytes
    headers: dict[str, bytes]
    body: bytes


def page_targets(clients: RoleClients) -> set[Target]:
    """Return every page, every form on the pages, and every endpoint that forms are sent to."""
    site = clients.site
    targets = {Target(one.method, site.path(one), tuple(one.fields)) for one in ENDPOINTS}
    for user in USERS:
        client, _token = clients.client(user)
        for endpoint in PAGES:
            path = site.path(endpoint)
            response = client.get(path)
            is_page = response.mimetype == "text/html"
            for form in Page(path, response).forms if is_page else []:
                names = form.names | set(form.fields)
                action = urlsplit(urljoin(path, form.action)).path
                targets.add(Target(form.method.upper(), action, tuple(sorted(names))))
            response.close()
    return targets


def api_targets(app: Flask) -> set[Target]:
    """Return every operation of the API."""
    document = Contract.of(app).document
    targets = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parameters = [one["name"] for one in operation["parameters"] if one["in"] == "query"]
            content = operation.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {}).get("$ref")
            fields = (
                document["components"]["schemas"][schema.removeprefix(SCHEMAS)] if schema else {}
            )
            names = tuple(fields.get("properties", ()))
            url = PREFIX + path.replace("{id}", "1")
            targets.add(Target(method.upper(), url, names, tuple(parameters), is_json=True))
    return targets


def header_values(name: str) -> st.SearchStrategy[bytes]:
    """Generate what servers accept: no line breaks and no NUL, at most 8 KB."""
    return st.builds(
        lambda start, value: (start + value).translate(None, b"\r\n\0")[:8000],
        st.sampled_from([b"", *HEADERS[name]]),
        VALUES,
    )


@st.composite
def requests(draw: st.DrawFn, targets: list[Target]) -> Request:
    """Generate a request to one of the `targets`."""
    target = draw(st.sampled_from(targets))
    names = draw(st.lists(st.sampled_from(sorted(HEADERS)), max_size=3, unique=True))
    headers = {name: draw(header_values(name)) for name in names}
    query = pairs(draw, target.parameters) if draw(st.booleans()) else b""
    path = target.path.encode()
    if draw(st.integers(0, 4)) == 0:  # replace a part of the path
        parts = path.split(b"/")
        parts[draw(st.integers(1, len(parts) - 1))] = draw(VALUES)
        path = b"/".join(parts)
    if draw(st.integers(0, 9)) == 0:
        return Request(draw(st.sampled_from(METHODS)), path, query, headers, draw(VALUES))
    content_type = b"application/json" if target.is_json else b"application/x-www-form-urlencoded"
    body = json_body(draw, target.fields) if target.is_json else pairs(draw, target.fields)
    return Request(target.method, path, query, {"Content-Type": content_type} | headers, body)


def pairs(draw: st.DrawFn, names: tuple[str, ...]) -> bytes:
    """Generate an encoded form or query: each name is missing, given once, or repeated."""
    names = tuple(name for name in names if name != "csrf_token")
    parts = [
        f"{name}={quote_from_bytes(value)}"
        for name in draw(st.permutations([*names, "x[]"]))
        for value in draw(st.lists(VALUES, min_size=name != "x[]", max_size=2))
    ]
    return "&".join(parts[: draw(st.integers(0, len(parts)))]).encode()


def json_body(draw: st.DrawFn, names: tuple[str, ...]) -> bytes:
    """Generate a JSON body: mostly an object with the properties, with any values."""
    if draw(st.integers(0, 4)) == 0:
        return draw(VALUES | JSON_VALUES.map(json.dumps).map(str.encode))
    values = draw(st.fixed_dictionaries({}, optional=dict.fromkeys(names, JSON_VALUES)))
    return json.dumps(values).encode()


def send(app: Flask, request: Request) -> int:
    """Send a request as a server does, without the checks of a client; return the status."""
    environ: dict[str, Any] = create_environ("/", method=request.method)
    environ["PATH_INFO"] = request.path.decode("latin-1")
    environ["QUERY_STRING"] = request.query.decode("latin-1")
    environ["wsgi.input"] = io.BytesIO(request.body)
    environ["CONTENT_LENGTH"] = str(len(request.body))
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value.decode("latin-1")
    _body, status, headers = run_wsgi_app(app, environ, buffered=True)
    for header in headers:
        assert "".join(header).isprintable(), header
    return int(status[:3])


def assert_no_error(app: Flask, request: Request, caplog: pytest.LogCaptureFixture) -> None:
    note(repr(request))
    caplog.clear()
    status = send(app, request)

    assert status in ALLOWED_STATUSES
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert errors == []


@pytest.mark.slow
@pytest.mark.parametrize("user", USERS)
def test_pages_withstand_hostile_requests(
    app: Flask, role_clients: RoleClients, caplog: pytest.LogCaptureFixture, user: str
) -> None:
    targets = sorted(page_targets(role_clients))
    assert len(targets) > len(FORMS)
    client, token = role_clients.client(user)
    cookie = client.get_cookie("session")
    assert cookie is not None

    @fuzz(quick=40)
    @given(request=requests(targets))
    def check(request: Request) -> None:
        role_clients.restore()
        headers = {"Cookie": f"session={cookie.value}".encode(), "X-CSRFToken": token.encode()}
        assert_no_error(app, request._replace(headers=headers | request.headers), caplog)

    check()


@pytest.mark.slow
def test_api_withstands_hostile_requests(
    app: Flask, role_clients: RoleClients, caplog: pytest.LogCaptureFixture
) -> None:
    targets = sorted(api_targets(app))

    @fuzz(quick=40)
    @given(request=requests(targets))
    def check(request: Request) -> None:
        role_clients.restore()
        token = issue_token(app, role_clients.site.users["administrator"])
        headers = {"Authorization": f"Bearer {token}".encode()}
        assert_no_error(app, request._replace(headers=headers | request.headers), caplog)

    check()
