"""HTTPS: redirects, rejected forms, and HSTS."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.test import create_environ, run_wsgi_app
from werkzeug.wrappers import Response

from app.security.trusted_clients import PROBES
from tests.support.app_factory import make_app
from tests.support.http_client import Page

SITE_URL = "https://flasky.example"
ONE_YEAR = 31_536_000


def make_https_site(**settings: Any) -> Flask:
    """Return an application at https://flasky.example behind a proxy."""
    defaults: dict[str, Any] = {
        "SQLALCHEMY_DATABASE_URI": "sqlite://",
        "SITE_URL": SITE_URL,
        "TRUSTED_PROXY_COUNT": 1,
        "TRUSTED_HOSTS": ["flasky.example", "www.flasky.example"],
        "SSL_REDIRECT": True,
    }
    return make_app(**(defaults | settings))


@pytest.fixture(scope="module")
def site() -> Flask:
    """An application that redirects to HTTPS."""
    return make_https_site()


def send(
    app: Flask, target: str, method: str = "GET", host: str = "flasky.example", **variables: str
) -> Response:
    """Send a request over HTTP, with the request target unchanged."""
    environ = create_environ(method=method)
    environ["PATH_INFO"] = urlsplit(target).path
    environ |= {"RAW_URI": target, "HTTP_HOST": host, "REMOTE_ADDR": "127.0.0.1"} | variables
    body, status, headers = run_wsgi_app(app, environ, buffered=True)
    return Response(list(body), status, headers)


TARGETS = [
    *("/", "/auth/login?next=%2Fpost%2F1%3Fx%3D%2520", "/post/1?a=1&a=2&b", "/a%2Fb/%2e%2e/c"),
    *("/%E5%AE%89?q=%FF%00", "/x;y=1,2:3@4!$&'()*+~", "/%", "/?%0d%0aSet-Cookie:x=1"),
    *("//evil.example/", "/@evil.example", "/:80/x", "/.evil.example", "/http://evil.example/"),
    *("/\\evil.example", "/" + "a" * 4000, "/nowhere?x#y", "/static/favicon.svg?v=1"),
]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_http_is_redirected_to_the_same_url(site: Flask, method: str) -> None:
    for target in TARGETS:
        response = send(site, target, method)

        assert response.status_code == 301, target
        assert response.headers["Location"] == SITE_URL + target.replace("\\", "%5C")


def test_absolute_and_malformed_targets_are_redirected_to_the_site(site: Flask) -> None:
    for target, path in {
        "http://evil.example/a%2Fb?x=%20": "/a%2Fb?x=%20",
        "HTTP://flasky.example:80/": "/",
        "http://evil.example": "/",
        "http://evil.example?x": "/?x",
        "evil.example:443": "/evil.example:443",
        "*": "/*",
        "/caf\xc3\xa9": "/caf%C3%A9",
        "": "/",
    }.items():
        assert send(site, target).headers["Location"] == SITE_URL + path


def test_redirect_uses_the_host_of_site_url(site: Flask) -> None:
    for host in ("flasky.example:8080", "www.flasky.example", "FLASKY.EXAMPLE."):
        assert send(site, "/post/1", host=host).headers["Location"] == f"{SITE_URL}/post/1"


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://flasky.example:8443", "https://flasky.example:8443/x?y"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example/x?y"),
    ],
)
def test_redirect_uses_port_and_ascii_host_of_site_url(url: str, location: str) -> None:
    app = make_https_site(SITE_URL=url, TRUSTED_HOSTS=None)

    assert send(app, "/x?y", host="evil.example").headers["Location"] == location


def test_redirect_works_on_servers_without_raw_uri(site: Flask) -> None:
    environ = create_environ("/größe", query_string="a=%20", headers={"Host": "flasky.example"})
    del environ["RAW_URI"], environ["REQUEST_URI"]

    _body, _status, headers = run_wsgi_app(site, environ, buffered=True)

    assert headers["Location"] == f"{SITE_URL}/gr%C3%B6%C3%9Fe?a=%20"


def test_redirect_is_cached_by_browsers_only(site: Flask) -> None:
    cache_control = send(site, "/").cache_control

    assert cache_control.private
    assert cache_control.max_age == 24 * 3600


def test_data_sent_over_http_is_rejected(site: Flask) -> None:
    for path in ("/auth/login", "/", "/nowhere", "/auth/logout"):
        for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE"):
            response = send(site, path, method)

            page = Page(path, response)  # type: ignore[arg-type]  # has the attributes it uses
            assert page.status == 403, (method, path)
            assert "Location" not in response.headers
            assert "not encrypted" in page.text


def test_form_sent_over_http_is_not_reported_as_expired(site: Flask) -> None:
    fields = {"email": "a@example.com", "password": "x"}
    client = site.test_client()
    response = client.post("/auth/login", data=fields, base_url="http://flasky.example")

    assert response.status_code == 403
    assert "expired" not in response.get_data(as_text=True)


def test_api_request_over_http_is_rejected(site: Flask) -> None:
    response = send(site, "/api/v1/posts/")

    assert response.status_code == 403
    assert "Location" not in response.headers


def test_rejection_is_translated(site: Flask) -> None:
    response = send(site, "/auth/login", "POST", HTTP_ACCEPT_LANGUAGE="zh-CN")

    assert "加密" in response.get_data(as_text=True)


def test_health_checks_are_answered_over_http(site: Flask) -> None:
    for name in PROBES:
        assert send(site, f"/{name}", host="10.0.0.1:8000").status_code not in {301, 400}


def test_untrusted_host_is_not_redirected(site: Flask) -> None:
    response = send(site, "/", host="evil.example")

    assert response.status_code == 400
    assert "Location" not in response.headers


def test_only_https_is_secure(site: Flask) -> None:
    for scheme in ("http", "", "httpss", "HTTPS ", "https, http"):
        response = send(site, "/preferences", HTTP_X_FORWARDED_PROTO=scheme)

        assert response.status_code == 301, scheme
    assert send(site, "/preferences", HTTP_X_FORWARDED_PROTO="https").status_code == 200


def test_http_is_answered_without_ssl_redirect() -> None:
    assert send(make_https_site(SSL_REDIRECT=False), "/preferences").status_code == 200


HSTS = {
    "https": ({}, "https", f"max-age={ONE_YEAR}"),
    "http": ({"SSL_REDIRECT": False}, "http", None),
    "redirect": ({}, "http", None),
    "shorter": ({"HSTS_SECONDS": 60}, "https", "max-age=60"),
    "off": ({"HSTS_SECONDS": 0}, "https", None),
    "http site": ({"SITE_URL": "http://flasky.example", "SSL_REDIRECT": False}, "https", None),
}


@pytest.mark.parametrize(("settings", "scheme", "expected"), HSTS.values(), ids=HSTS)
def test_hsts_is_set_over_https(
    settings: dict[str, Any], scheme: str, expected: str | None
) -> None:
    app = make_https_site(**settings)
    for path in ("/preferences", "/nowhere", "/static/favicon.svg"):
        response = send(app, path, HTTP_X_FORWARDED_PROTO=scheme)

        assert response.headers.get("Strict-Transport-Security") == expected, path
