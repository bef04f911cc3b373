"""Trusted proxies and trusted hosts: clients cannot forge their IP address, scheme or host."""

import json
import logging
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request, url_for
from werkzeug.test import create_environ, run_wsgi_app
from werkzeug.wrappers import Response

from app.security.trusted_clients import PROBES
from tests.support.app_factory import make_app
from tests.support.databases import migrated, new_sqlite_url, record_statements
from tests.support.factories import Factory
from tests.support.http_client import SiteClient

HOST = "flasky.example"
EVIL = "evil.example"
PEER = "203.0.113.9"  # the IP address of the connection
CLIENT = "198.51.100.7"
FORGED = "192.0.2.66"
INNER_PROXY = "10.0.0.1"  # the proxy before the last one


@cache
def make_site(proxies: int = 0, host_proxies: int = 0, *trusted_hosts: str) -> Flask:
    """Return an application whose view /request describes the request."""
    app = make_app(
        SQLALCHEMY_DATABASE_URI="sqlite://",
        TRUSTED_PROXY_COUNT=proxies,
        TRUSTED_HOST_PROXY_COUNT=host_proxies,
        TRUSTED_HOSTS=list(trusted_hosts) or [HOST],
    )

    def describe() -> dict[str, Any]:
        origin = {"ip": request.remote_addr, "scheme": request.scheme, "host": request.host}
        url = url_for("describe")
        return origin | {"prefix": request.script_root, "path": request.path, "url": url}

    app.add_url_rule("/request", "describe", describe)
    return app


def send(app: Flask, host: str | None = HOST, **variables: Any) -> Response:
    """Send a request with these WSGI variables, as a server does; without Host if it is None."""
    environ = create_environ(variables.pop("path", "/request"))
    environ |= {"REMOTE_ADDR": PEER, "HTTP_HOST": host} | variables
    if host is None:
        del environ["HTTP_HOST"]
    body, status, headers = run_wsgi_app(app, environ, buffered=True)
    return Response(list(body), status, headers)


def describe(app: Flask, host: str | None = HOST, **variables: Any) -> dict[str, Any]:
    response = send(app, host, **variables)
    assert response.status_code == 200, response.get_data(as_text=True)
    description: dict[str, Any] = json.loads(response.get_data())
    return description


FORGED_HEADERS = {
    "none": {},
    "IP address": {"HTTP_X_FORWARDED_FOR": FORGED},
    "IP addresses": {"HTTP_X_FORWARDED_FOR": f"{FORGED}, 127.0.0.1, {FORGED}"},
    "scheme": {"HTTP_X_FORWARDED_PROTO": "https"},
    "other scheme headers": {"HTTP_X_FORWARDED_SSL": "on", "HTTP_FRONT_END_HTTPS": "on"},
    "host": {"HTTP_X_FORWARDED_HOST": EVIL},
    "port": {"HTTP_X_FORWARDED_PORT": "4711"},
    "prefix": {"HTTP_X_FORWARDED_PREFIX": "/evil", "HTTP_X_SCRIPT_NAME": "/evil"},
    "RFC 7239": {"HTTP_FORWARDED": f"for={FORGED};host={EVIL};proto=https"},
    "nginx": {"HTTP_X_REAL_IP": FORGED},
    "others": {"HTTP_CLIENT_IP": FORGED, "HTTP_TRUE_CLIENT_IP": FORGED, "HTTP_VIA": FORGED},
    "path": {"HTTP_X_ORIGINAL_URL": "/evil", "HTTP_X_REWRITE_URL": "/evil"},
}
TRUTH = {"ip": PEER, "scheme": "http", "host": HOST, "prefix": "", "path": "/request"}
TRUTH["url"] = "/request"


def test_without_a_proxy_no_header_is_trusted() -> None:
    for name, headers in FORGED_HEADERS.items():
        assert describe(make_site(), **headers) == TRUTH, name


@pytest.mark.parametrize("proxies", [1, 2])
def test_proxies_determine_ip_address_and_scheme(proxies: int) -> None:
    """Proxies append to the headers of the client, or replace them."""
    for name, headers in FORGED_HEADERS.items():
        appended = [CLIENT, INNER_PROXY][:proxies]
        forged = headers.get("HTTP_X_FORWARDED_FOR")
        variables = headers | {
            "HTTP_X_FORWARDED_FOR": ", ".join([forged, *appended] if forged else appended),
            "HTTP_X_FORWARDED_PROTO": ", ".join(["https", "http"][:proxies]),
        }

        expected = TRUTH | {"ip": CLIENT, "scheme": "https"}
        assert describe(make_site(proxies), **variables) == expected, name


# TRUSTED_PROXY_COUNT, X-Forwarded-For, and the resulting IP address.
FORWARDED_FOR = [
    (1, "", PEER),
    (1, CLIENT, CLIENT),
    (1, f"{FORGED}, " * 300 + CLIENT, CLIENT),
    (1, f",, ,{FORGED},, {CLIENT}", CLIENT),
    (1, f'"{FORGED}, {CLIENT}', CLIENT),
    (1, f'x, "{FORGED}\\, {CLIENT}', CLIENT),
    (1, f'"{FORGED}", {CLIENT}', CLIENT),
    (1, f"<script>, ' OR 1, \x7f, {CLIENT}", CLIENT),
    (1, f"{FORGED}, 2001:db8::7", "2001:db8::7"),
    (1, f"{CLIENT}:4711", CLIENT),
    (1, f"{FORGED}, {CLIENT}:1", CLIENT),
    (1, f"{FORGED}:1,{CLIENT}", CLIENT),
    (1, f'"[{FORGED}]:1", [2001:db8::7]:443', "2001:db8::7"),
    (1, "[2001:db8::7]", "2001:db8::7"),
    (1, "2001:db8::7:443", "2001:db8::7:443"),  # an address
    (1, f"[{FORGED}, {CLIENT}:443", CLIENT),
    (1, "[" * 4000 + f", {CLIENT}:443", CLIENT),
    (2, f"{CLIENT}:1, {INNER_PROXY}:2", CLIENT),
    (2, f"{FORGED}, [2001:db8::7]:1, {INNER_PROXY}:2", "2001:db8::7"),
    (2, f"{CLIENT}, {INNER_PROXY}", CLIENT),
    (2, f"{FORGED}, {CLIENT}, {INNER_PROXY}", CLIENT),
    (2, CLIENT, PEER),
    (2, f'"{FORGED}, {CLIENT}, {INNER_PROXY}', CLIENT),
]


def test_only_addresses_of_trusted_proxies_count() -> None:
    for proxies, header, ip in FORWARDED_FOR:
        assert describe(make_site(proxies), HTTP_X_FORWARDED_FOR=header)["ip"] == ip, header


# TRUSTED_PROXY_COUNT, X-Forwarded-Proto, and the resulting scheme.
FORWARDED_PROTO = [
    (1, "https", "https"),
    (1, "http", "http"),
    (1, "https, http", "http"),
    (1, '"https, http', "http"),
    (2, "https, http", "https"),
    (2, "https", "http"),
]


def test_outermost_trusted_proxy_determines_the_scheme() -> None:
    for proxies, header, scheme in FORWARDED_PROTO:
        site = make_site(proxies)
        assert describe(site, HTTP_X_FORWARDED_PROTO=header)["scheme"] == scheme, header


def test_trusted_proxy_determines_the_host() -> None:
    for header, status in (
        (HOST, 200),
        (f"{EVIL}, {HOST}", 200),
        (EVIL, 400),
        (f"{HOST}, {EVIL}", 400),
    ):
        response = send(make_site(1, 1), host="inside.example", HTTP_X_FORWARDED_HOST=header)

        assert response.status_code == status, header


TRUSTED = {
    HOST: HOST,
    f"{HOST}:8080": f"{HOST}:8080",
    f"{HOST}:80": HOST,
    "FLASKY.Example": HOST,
    f"{HOST}.": HOST,
    f"{HOST}.:8080": f"{HOST}:8080",
}
UNTRUSTED = [
    EVIL,
    None,  # HTTP/1.0
    "",
    f"{HOST},{EVIL}",  # as servers join two headers
    f"{EVIL}, {HOST}",
    "127.0.0.1",
    "[::1]:8000",
    f"www.{HOST}",
    f"{HOST}.{EVIL}",
    f"evil{HOST}",
    f"{HOST}@{EVIL}",
    f"{EVIL}@{HOST}",
    f"{HOST}:99999",
    f"{HOST}:{EVIL}",
    f"{HOST}/{EVIL}",
    f"{HOST}\\{EVIL}",
    f"{HOST} {EVIL}",
    f"{HOST}\t\x00{EVIL}",
    "flaskÿ.example",
    "a" * 8000,
    f"http://{HOST}/",
]


def test_trusted_host_is_normalized() -> None:
    for host, normalized in TRUSTED.items():
        assert describe(make_site(), host)["host"] == normalized


def test_leading_dot_trusts_subdomains() -> None:
    for host in ("www.flasky.example", HOST, "a.b.flasky.example:81"):
        assert describe(make_site(0, 0, f".{HOST.upper()}"), host)["host"] == host


def test_untrusted_host_is_rejected_with_a_hint() -> None:
    for host in UNTRUSTED:
        response = send(make_site(), host)

        text = response.get_data(as_text=True)
        assert (response.status_code, response.mimetype) == (400, "text/plain"), host
        assert "TRUSTED_HOSTS" in text
        assert len(text) < 300
        assert not host or host not in text
        assert response.cache_control.no_store
        assert "Content-Security-Policy" in response.headers
        assert "X-Request-ID" in response.headers


def test_untrusted_host_is_rejected_for_every_path_and_method() -> None:
    for path in ("/", "/nowhere", "/auth/login", "/static/favicon.svg", "//"):
        for method in ("GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE"):
            response = send(make_site(), EVIL, path=path, REQUEST_METHOD=method)

            assert response.status_code == 400, (method, path)
            assert response.mimetype == "text/plain"


def test_untrusted_host_is_logged_on_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        send(make_site(), f"{EVIL}\nFORGED LINE")

    [record] = [record for record in caplog.records if "TRUSTED_HOSTS" in record.getMessage()]
    assert EVIL in record.getMessage()
    assert "\n" not in record.getMessage()
    assert record.exc_info is None


def test_user_is_not_loaded_for_an_untrusted_host(tmp_path: Path) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path))
    with migrated(app):
        client = SiteClient(app).log_in(Factory(app).user())
        app.config["TRUSTED_HOSTS"] = [HOST]
        with record_statements(app) as statements:
            response = client.client.get("/")

    assert response.status_code == 400
    assert statements == []


def test_health_checks_are_answered_for_any_host() -> None:
    for name in PROBES:
        for host in UNTRUSTED:
            response = send(make_site(), host, path=f"/{name}")

            assert response.status_code != 400, (name, host)
            assert "TRUSTED_HOSTS" not in response.get_data(as_text=True)
    for path in ("/healthz/", "/healthz/../", "//healthz", "/HEALTHZ"):
        assert send(make_site(), EVIL, path=path).status_code == 400, path


def test_repeated_slashes_are_not_redirected() -> None:
    for path in ("//post//1", "/post//1", f"//{EVIL}/", f"//{EVIL}//auth/login", "/auth//login"):
        for host in (HOST, f"{HOST}:4711"):
            response = send(make_site(), host, PATH_INFO=path)

            assert response.status_code == 404, path
            assert "Location" not in response.headers
