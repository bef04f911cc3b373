"""Security headers are on every response, also of failed and rejected requests."""

import re
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from flask import Flask, Request, Response, abort, redirect, render_template_string, send_file
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse, create_environ

from app.security.headers import static_headers
from tests.support.app_factory import make_app
from tests.support.databases import migrated, new_sqlite_url
from tests.support.repository import ROOT

HOST = "flasky.example"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Release": "42",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
TWO_NONCES = "<script nonce='{{ csp_nonce() }}'></script><style nonce='{{ csp_nonce() }}'></style>"


def make_site(**settings: Any) -> Flask:
    """Return an application with views of every kind."""
    defaults: dict[str, Any] = {
        "SQLALCHEMY_DATABASE_URI": "sqlite://",
        "TRUSTED_HOSTS": [HOST],
        "RELEASE": "42",
        "PROPAGATE_EXCEPTIONS": False,
    }
    app = make_app(**(defaults | settings))
    app.add_url_rule("/error/<int:code>", "error", abort)
    app.add_url_rule("/nonce", "nonce", lambda: render_template_string(TWO_NONCES))
    app.add_url_rule("/plain", "plain", lambda: "A page")
    app.add_url_rule("/redirect", "redirect", lambda: redirect("/plain", 303))
    app.add_url_rule("/stream", "stream", lambda: Response(iter(["A ", "page"])))
    app.add_url_rule("/bug", "bug", bug)
    app.add_url_rule("/own", "own", own_headers)
    app.add_url_rule("/file", "file", lambda: send_file(ROOT / "LICENSE"))
    return app


def bug() -> ResponseReturnValue:
    raise RuntimeError("internal details")


def own_headers() -> ResponseReturnValue:
    headers = {"content-security-policy": "default-src 'self'", "REFERRER-POLICY": "no-referrer"}
    return "A page", 200, headers


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = make_site(SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path_factory.mktemp("headers")))
    with migrated(app):
        yield app


def send(app: Flask, path: str, method: str = "GET", host: str = HOST, **headers: str) -> Any:
    client = app.test_client()
    return client.open(path, method=method, headers={"Host": host, **headers}, buffered=True)


def assert_headers(response: TestResponse, policy: str = POLICY) -> None:
    """Assert that each header occurs once, with its value."""
    expected = HEADERS | {"Content-Security-Policy": policy}
    actual = {name: response.headers.getlist(name) for name in expected}
    assert actual == {name: [value] for name, value in expected.items()}
    assert len(response.headers.getlist("Permissions-Policy")) == 1
    assert "Content-Security-Policy-Report-Only" not in response.headers


REQUESTS = [
    ("GET", "/", 200),
    ("GET", "/auth/login", 200),
    ("HEAD", "/", 200),
    ("OPTIONS", "/", 200),
    ("GET", "/stream", 200),
    ("GET", "/redirect", 303),
    ("GET", "/followed", 302),
    ("GET", "/static/favicon.svg", 200),
    ("HEAD", "/static/favicon.svg", 200),
    ("GET", "/bootstrap/static/css/bootstrap.min.css", 200),
    ("GET", "/static/nothing.css", 404),
    ("GET", "/file", 200),
    ("GET", "/nowhere", 404),
    ("GET", "/?before=x", 400),  # demo-only
    ("POST", "/auth/login", 400),
    ("GET", "/auth/logout", 405),
    ("PROPFIND", "/", 405),
    ("GET", "/bug", 500),
    ("GET", "/healthz", 200),
    *(("GET", f"/error/{code}", code) for code in (400, 401, 403, 404, 405, 409, 410)),
    *(("GET", f"/error/{code}", code) for code in (413, 418, 429, 500, 503)),
]


def test_every_response_has_the_headers(site: Flask) -> None:
    for method, path, status in REQUESTS:
        response = send(site, path, method)

        assert response.status_code == status, path
        assert_headers(response)


def test_rejected_host_has_the_headers(site: Flask) -> None:
    for method, path in (("GET", "/"), ("POST", "/nowhere")):
        response = send(site, path, method, host="evil.example")

        assert response.status_code == 400
        assert_headers(response)


def test_partial_and_unmodified_files_have_the_headers(site: Flask) -> None:
    for path in ("/static/favicon.svg", "/file"):
        modified = send(site, path).headers["Last-Modified"]
        unmodified = send(site, path, **{"If-Modified-Since": modified})
        part = send(site, path, Range="bytes=0-9")

        assert (unmodified.status_code, part.status_code) == (304, 206)
        assert_headers(unmodified)
        assert_headers(part)


def test_rejected_http_requests_have_the_headers() -> None:
    site = make_site(SITE_URL=f"https://{HOST}", SSL_REDIRECT=True, TRUSTED_PROXY_COUNT=1)
    for method, status in (("GET", 301), ("HEAD", 301), ("POST", 403)):
        response = send(site, "/auth/login", method, **{"X-Forwarded-Proto": "http"})

        assert response.status_code == status
        assert_headers(response, f"{POLICY}; upgrade-insecure-requests")


HOOKS = {
    "context processor": ("/preferences", lambda app: app.context_processor),
    "after_request": ("/preferences", lambda app: app.after_request),
    "teardown_request": ("/preferences", lambda app: app.teardown_request),
    "API": ("/api/v1/", lambda app: app.after_request),
}


@pytest.mark.parametrize(("path", "hook"), HOOKS.values(), ids=HOOKS)
def test_fallback_response_has_the_headers(
    path: str, hook: Callable[[Flask], Callable[[Any], Any]]
) -> None:
    """The error page fails, too. The server's own 500 response would have no headers."""
    app = make_site()
    hook(app)(lambda *_arguments: bug())
    environ = create_environ(path, headers={"Host": HOST})
    started: list[tuple[str, Headers]] = []

    def start(status: str, headers: list[tuple[str, str]], *_exc_info: object) -> Any:
        started.append((status, Headers(headers)))

    # Werkzeug's test client would raise the exception that `start` receives.
    body = app(environ, start)
    response = TestResponse(body, *started[-1], request=Request(environ))

    assert response.status_code == 500
    assert response.headers["X-Request-ID"] in response.text
    assert response.is_json is path.startswith("/api/")
    assert "internal details" not in response.text
    assert_headers(response)


@pytest.mark.parametrize("setting", ["DEBUG", "TESTING"])
def test_exception_in_the_error_page_is_raised_in_development(setting: str) -> None:
    settings = {"DEBUG": False, "TESTING": False, "PROPAGATE_EXCEPTIONS": None}
    app = make_site(**{**settings, setting: True})
    app.context_processor(lambda: {"broken": bug()})

    with pytest.raises(RuntimeError):
        send(app, "/preferences")


def test_view_can_replace_headers(site: Flask) -> None:
    headers = send(site, "/own").headers

    assert headers.getlist("Content-Security-Policy") == ["default-src 'self'"]
    assert headers.getlist("Referrer-Policy") == ["no-referrer"]
    assert headers["X-Frame-Options"] == "DENY"


def test_release_header_is_omitted_without_a_release() -> None:
    assert "X-Release" not in send(make_site(RELEASE=None), "/plain").headers


def test_static_headers_are_those_of_static_files(site: Flask) -> None:
    headers = send(site, "/static/favicon.svg").headers

    expected = static_headers(site.config)

    assert len(expected) == 8
    assert [(name, headers[name]) for name, _value in expected] == expected


def test_permissions_policy_disables_every_feature(site: Flask) -> None:
    features = send(site, "/plain").headers["Permissions-Policy"].split(", ")

    assert len(features) == len(set(features)) > 20
    assert all(re.fullmatch(r"[a-z-]+=\(\)", feature) for feature in features)


def directives(policy: str) -> dict[str, str]:
    return dict(directive.partition(" ")[::2] for directive in policy.split("; "))


def test_policy_has_the_nonce_of_the_page(site: Flask) -> None:
    response = send(site, "/nonce")

    [nonce] = set(re.findall("nonce='([^']+)'", response.text))
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", nonce)
    policy = directives(response.headers["Content-Security-Policy"])
    expected = dict.fromkeys(("script-src", "style-src"), f"'self' 'nonce-{nonce}'")
    assert policy == directives(POLICY) | expected


def test_nonces_are_unique_and_pages_with_nonces_are_not_cached(site: Flask) -> None:
    responses = [send(site, "/nonce") for _ in range(5)]

    assert len({response.headers["Content-Security-Policy"] for response in responses}) == 5
    assert responses[0].cache_control.no_store
    without_nonce = send(site, "/")
    assert not without_nonce.cache_control.no_store
    assert "nonce" not in without_nonce.headers["Content-Security-Policy"]


VARIANTS = [
    {"GRAVATAR_ENABLED": gravatar, "CSP_REPORT_ONLY": report, "SITE_URL": f"{scheme}://{HOST}"}
    for gravatar, report, scheme in product([False, True], [False, True], ["http", "https"])
]


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_policy_is_strict_with_any_settings(settings: dict[str, Any]) -> None:
    report_only = settings["CSP_REPORT_ONLY"]
    https = settings["SITE_URL"].startswith("https")
    gravatar = " https://secure.gravatar.com" if settings["GRAVATAR_ENABLED"] else ""
    site = make_site(**settings)
    for path in ("/plain", "/nonce", "/bug"):
        headers = send(site, path).headers

        name = "Content-Security-Policy" + ("-Report-Only" if report_only else "")
        [policy] = [value for key, value in headers if key.startswith("Content-Security-Policy")]
        assert headers[name] == policy
        for weak in ("unsafe", "*", "data:", "blob:", "http:", "strict-dynamic", "https: "):
            assert weak not in policy
        assert directives(policy)["img-src"] == f"'self'{gravatar}"
        assert ("upgrade-insecure-requests" in directives(policy)) is (https and not report_only)
