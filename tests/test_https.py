"""Plain http is sent to HTTPS, and what was sent over it is refused; cookies keep to HTTPS."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.test import create_environ, run_wsgi_app
from werkzeug.wrappers import Response

from .reader import Page
from .settings import make_app

SITE = "https://flasky.example"
A_YEAR = 31_536_000


def make_https_app(**settings: Any) -> Flask:
    """Return the site at https://flasky.example behind one proxy."""
    usual: dict[str, Any] = {
        "SQLALCHEMY_DATABASE_URI": "sqlite://",
        "FLASKY_URL": SITE,
        "FLASKY_PROXIES": 1,
        "TRUSTED_HOSTS": ["flasky.example", "www.flasky.example"],
        "SSL_REDIRECT": True,
    }
    return make_app(**(usual | settings))


@pytest.fixture(scope="module")
def strict() -> Flask:
    """The site that sends plain http away."""
    return make_https_app()


def ask(
    app: Flask, target: str, method: str = "GET", host: str = "flasky.example", **more: str
) -> Response:
    """Ask over plain http for `target`, as it stands in the request, byte for byte."""
    environ = create_environ(method=method)
    environ["PATH_INFO"] = urlsplit(target).path
    environ |= {"RAW_URI": target, "HTTP_HOST": host, "REMOTE_ADDR": "127.0.0.1"} | more
    body, status, headers = run_wsgi_app(app, environ, buffered=True)
    return Response(list(body), status, headers)


TARGETS = [
    *("/", "/auth/login?next=%2Fpost%2F1%3Fx%3D%2520", "/post/1?a=1&a=2&b", "/a%2Fb/%2e%2e/c"),
    *("/%E5%AE%89?q=%FF%00", "/x;y=1,2:3@4!$&'()*+~", "/%", "/?%0d%0aSet-Cookie:x=1"),
    *("//evil.example/", "/@evil.example", "/:80/x", "/.evil.example", "/http://evil.example/"),
    *("/\\evil.example", "/" + "a" * 4000, "/nowhere?x#y", "/static/favicon.svg?v=1"),
]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_plain_http_is_sent_to_the_same_page(strict: Flask, method: str, target: str) -> None:
    answer = ask(strict, target, method)

    assert answer.status_code == 301
    assert answer.headers["Location"] == SITE + target.replace("\\", "%5C")


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("http://evil.example/a%2Fb?x=%20", "/a%2Fb?x=%20"),
        ("HTTP://flasky.example:80/", "/"),
        ("http://evil.example", "/"),
        ("http://evil.example?x", "/?x"),
        ("evil.example:443", "/evil.example:443"),
        ("*", "/*"),
        ("/caf\xc3\xa9", "/caf%C3%A9"),
        ("", "/"),
    ],
)
def test_odd_target_never_leads_off_the_site(strict: Flask, target: str, path: str) -> None:
    assert ask(strict, target).headers["Location"] == SITE + path


@pytest.mark.parametrize("host", ["flasky.example:8080", "www.flasky.example", "FLASKY.EXAMPLE."])
def test_plain_http_is_sent_to_the_address_of_the_site(strict: Flask, host: str) -> None:
    assert ask(strict, "/post/1", host=host).headers["Location"] == f"{SITE}/post/1"


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://flasky.example:8443", "https://flasky.example:8443/x?y"),
        ("https://bücher.example", "https://xn--bcher-kva.example/x?y"),
    ],
)
def test_port_and_name_are_those_of_the_site(url: str, location: str) -> None:
    app = make_https_app(FLASKY_URL=url, TRUSTED_HOSTS=None)

    assert ask(app, "/x?y", host="evil.example").headers["Location"] == location


def test_server_that_hands_no_target_over_is_served_as_well(strict: Flask) -> None:
    environ = create_environ("/größe", query_string="a=%20", headers={"Host": "flasky.example"})
    del environ["RAW_URI"], environ["REQUEST_URI"]

    _body, _status, headers = run_wsgi_app(strict, environ, buffered=True)

    assert headers["Location"] == f"{SITE}/gr%C3%B6%C3%9Fe?a=%20"


def test_no_cache_between_keeps_the_redirect(strict: Flask) -> None:
    kept = ask(strict, "/").cache_control

    assert kept.private
    assert kept.max_age == 24 * 3600


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize("path", ["/auth/login", "/", "/nowhere", "/auth/logout"])
def test_what_was_sent_in_the_clear_is_refused(strict: Flask, path: str, method: str) -> None:
    answer = ask(strict, path, method)

    page = Page(path, answer)  # type: ignore[arg-type]  # has all that a page reads
    assert page.status == 403
    assert "Location" not in answer.headers
    assert "not encrypted" in page.text
    assert "choose a new one" in page.text


def test_form_sent_in_the_clear_is_not_called_expired(strict: Flask) -> None:
    client = strict.test_client()

    fields = {"email": "a@example.com", "password": "x"}
    answer = client.post("/auth/login", data=fields, base_url="http://flasky.example")

    assert answer.status_code == 403
    assert "expired" not in answer.get_data(as_text=True)


def test_refusal_is_translated(strict: Flask) -> None:
    answer = ask(strict, "/auth/login", "POST", HTTP_ACCEPT_LANGUAGE="zh-CN")

    assert "明文" in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probe_is_answered_over_plain_http(strict: Flask, path: str) -> None:
    assert ask(strict, path, host="10.0.0.1:8000").status_code not in {301, 400}


def test_unknown_host_is_not_led_to_the_site(strict: Flask) -> None:
    answer = ask(strict, "/", host="evil.example")

    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize("proto", ["http", "", "httpss", "HTTPS ", "https, http"])
def test_only_https_is_secure(strict: Flask, proto: str) -> None:
    assert ask(strict, "/preferences", HTTP_X_FORWARDED_PROTO=proto).status_code == 301


def test_https_is_answered(strict: Flask) -> None:
    assert ask(strict, "/preferences", HTTP_X_FORWARDED_PROTO="https").status_code == 200


def test_without_the_setting_plain_http_is_answered() -> None:
    app = make_https_app(SSL_REDIRECT=False)

    assert ask(app, "/preferences").status_code == 200


REMEMBERED = {
    "secure": ({}, "https", f"max-age={A_YEAR}"),
    "plain": ({"SSL_REDIRECT": False}, "http", None),
    "redirect": ({}, "http", None),
    "shorter": ({"HSTS_SECONDS": 60}, "https", "max-age=60"),
    "off": ({"HSTS_SECONDS": 0}, "https", None),
    "site on http": ({"FLASKY_URL": "http://flasky.example"}, "https", None),
}


@pytest.mark.parametrize(("settings", "proto", "told"), REMEMBERED.values(), ids=REMEMBERED)
@pytest.mark.parametrize("path", ["/preferences", "/nowhere", "/static/favicon.svg"])
def test_browsers_are_told_to_use_https_alone(
    settings: dict[str, Any], proto: str, told: str | None, path: str
) -> None:
    settings = {"SSL_REDIRECT": settings.get("FLASKY_URL") is None, **settings}

    answer = ask(make_https_app(**settings), path, HTTP_X_FORWARDED_PROTO=proto)

    assert answer.headers.get("Strict-Transport-Security") == told
