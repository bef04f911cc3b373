"""The headers that tell browsers what they may do: on every answer, whatever became of it."""

import re
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from flask import Flask, Request, Response, abort, redirect, render_template_string, send_file
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse, create_environ

from app.headers import static_headers

from .databases import migrated, new_sqlite_url
from .repository import ROOT
from .settings import make_app

SITE = "flasky.example"
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
    """Return the site with pages that ask for a nonce, break, or have headers of their own."""
    usual: dict[str, Any] = {
        "SQLALCHEMY_DATABASE_URI": "sqlite://",
        "TRUSTED_HOSTS": [SITE],
        "FLASKY_RELEASE": "42",
        "PROPAGATE_EXCEPTIONS": False,
    }
    app = make_app(**(usual | settings))
    app.add_url_rule("/error/<int:code>", "error", abort)
    app.add_url_rule("/nonce", "nonce", lambda: render_template_string(TWO_NONCES))
    app.add_url_rule("/plain", "plain", lambda: "A page")
    app.add_url_rule("/away", "away", lambda: redirect("/plain", 303))
    app.add_url_rule("/stream", "stream", lambda: Response(iter(["A ", "page"])))
    app.add_url_rule("/bug", "bug", bug)
    app.add_url_rule("/own", "own", page_with_headers_of_its_own)
    app.add_url_rule("/file", "file", lambda: send_file(ROOT / "LICENSE"))
    return app


def bug() -> ResponseReturnValue:
    raise RuntimeError("a secret of ours")


def page_with_headers_of_its_own() -> ResponseReturnValue:
    own = {"content-security-policy": "default-src 'self'", "REFERRER-POLICY": "no-referrer"}
    return "A page", 200, own


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = make_site(SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path_factory.mktemp("headers")))
    with migrated(app):
        yield app


@pytest.fixture(scope="module")
def strict() -> Flask:
    """The site that sends plain http away."""
    return make_site(FLASKY_URL=f"https://{SITE}", SSL_REDIRECT=True, FLASKY_PROXIES=1)


def ask(app: Flask, path: str, method: str = "GET", host: str = SITE, **headers: str) -> Any:
    client = app.test_client()
    return client.open(path, method=method, headers={"Host": host, **headers}, buffered=True)


def expect_headers(answer: TestResponse, policy: str = POLICY) -> None:
    """Check that each header is there, once, with its value."""
    expected = HEADERS | {"Content-Security-Policy": policy}
    found = {name: answer.headers.getlist(name) for name in expected}
    assert found == {name: [value] for name, value in expected.items()}
    assert len(answer.headers.getlist("Permissions-Policy")) == 1
    assert "Content-Security-Policy-Report-Only" not in answer.headers


ANSWERS: dict[str, tuple[str, str, int]] = {
    "page": ("GET", "/", 200),
    "form": ("GET", "/auth/login", 200),
    "head": ("HEAD", "/", 200),
    "options": ("OPTIONS", "/", 200),
    "stream": ("GET", "/stream", 200),
    "redirect": ("GET", "/away", 303),
    "redirect to log in": ("GET", "/followed", 302),
    "file": ("GET", "/static/favicon.svg", 200),
    "head of a file": ("HEAD", "/static/favicon.svg", 200),
    "file of an extension": ("GET", "/bootstrap/static/css/bootstrap.min.css", 200),
    "no such file": ("GET", "/static/nothing.css", 404),
    "sent file": ("GET", "/file", 200),
    "not found": ("GET", "/nowhere", 404),
    "bad list": ("GET", "/?before=x", 400),
    "no token": ("POST", "/auth/login", 400),
    "not allowed": ("GET", "/auth/logout", 405),
    "odd method": ("PROPFIND", "/", 405),
    "bug": ("GET", "/bug", 500),
    "alive": ("GET", "/healthz", 200),
    **{
        f"error {code}": ("GET", f"/error/{code}", code)
        for code in (400, 401, 403, 404, 405, 409, 410, 413, 418, 429, 500, 503)
    },
}


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS.values(), ids=ANSWERS)
def test_answer_has_every_header(site: Flask, method: str, path: str, status: int) -> None:
    answer = ask(site, path, method)

    assert answer.status_code == status
    expect_headers(answer)


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/nowhere"])
def test_unknown_host_is_refused_with_every_header(site: Flask, method: str, path: str) -> None:
    answer = ask(site, path, method, host="evil.example")

    assert answer.status_code == 400
    expect_headers(answer)


@pytest.mark.parametrize("path", ["/static/favicon.svg", "/file"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_file_that_has_not_changed_has_every_header(site: Flask, path: str, method: str) -> None:
    first = ask(site, path)

    answer = ask(site, path, method, **{"If-Modified-Since": first.headers["Last-Modified"]})

    assert answer.status_code == 304
    expect_headers(answer)


def test_piece_of_a_file_has_every_header(site: Flask) -> None:
    answer = ask(site, "/file", Range="bytes=0-9")

    assert answer.status_code == 206
    expect_headers(answer)


@pytest.mark.parametrize(("method", "status"), [("GET", 301), ("HEAD", 301), ("POST", 403)])
def test_plain_http_is_refused_with_every_header(strict: Flask, method: str, status: int) -> None:
    answer = ask(strict, "/auth/login", method, **{"X-Forwarded-Proto": "http"})

    assert answer.status_code == status
    expect_headers(answer, f"{POLICY}; upgrade-insecure-requests")


HOOKS = {
    "when pages are made": lambda app: app.context_processor,
    "after the request": lambda app: app.after_request,
    "at the end of all": lambda app: app.teardown_request,
}


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_error_that_even_breaks_the_error_page_has_every_header(
    hook: Callable[[Flask], Callable[[Any], Any]],
) -> None:
    """The server would answer by itself, and knows none of them."""
    app = make_site()
    hook(app)(lambda *_arguments: bug())
    environ = create_environ("/preferences", headers={"Host": SITE})
    begun: list[tuple[str, Headers]] = []

    def start(status: str, headers: list[tuple[str, str]], *_error: object) -> Any:
        begun.append((status, Headers(headers)))

    # As a server asks; Werkzeug's client would raise what the answer took the place of.
    body = app(environ, start)
    answer = TestResponse(body, *begun[-1], request=Request(environ))

    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] in answer.text
    assert "secret" not in answer.text
    expect_headers(answer)


@pytest.mark.parametrize("setting", ["DEBUG", "TESTING"])
def test_developer_gets_the_error_that_broke_the_error_page(setting: str) -> None:
    settings = {"DEBUG": False, "TESTING": False, "PROPAGATE_EXCEPTIONS": None}
    app = make_site(**{**settings, setting: True})
    app.context_processor(lambda: {"broken": bug()})

    with pytest.raises(RuntimeError):
        ask(app, "/preferences")


def test_broken_hook_ends_in_an_answer_with_every_header() -> None:
    app = make_site()

    @app.after_request
    def broken(response: Response) -> Response:
        raise RuntimeError("a secret of ours")

    answer = ask(app, "/plain")

    assert answer.status_code == 500
    expect_headers(answer)


def test_page_keeps_headers_of_its_own(site: Flask) -> None:
    headers = ask(site, "/own").headers

    assert headers.getlist("Content-Security-Policy") == ["default-src 'self'"]
    assert headers.getlist("Referrer-Policy") == ["no-referrer"]
    assert headers["X-Frame-Options"] == "DENY"


def test_release_is_told_if_it_has_a_name() -> None:
    assert "X-Release" not in ask(make_site(FLASKY_RELEASE=None), "/plain").headers


def test_file_has_the_headers_that_a_file_server_is_told(site: Flask) -> None:
    headers = ask(site, "/static/favicon.svg").headers

    told = static_headers(site.config)

    assert len(told) == 8
    assert [(name, headers[name]) for name, _value in told] == told


def test_nothing_is_allowed_to_any_page(site: Flask) -> None:
    permissions = ask(site, "/plain").headers["Permissions-Policy"].split(", ")

    assert len(permissions) == len(set(permissions)) > 20
    assert all(re.fullmatch(r"[a-z-]+=\(\)", permission) for permission in permissions)


def directives(policy: str) -> dict[str, str]:
    return dict(directive.partition(" ")[::2] for directive in policy.split("; "))


def test_page_that_asks_for_a_nonce_has_it_in_its_policy(site: Flask) -> None:
    answer = ask(site, "/nonce")

    [nonce] = set(re.findall("nonce='([^']+)'", answer.text))
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", nonce)
    allowed = directives(answer.headers["Content-Security-Policy"])
    for kind in ("script-src", "style-src"):
        assert allowed[kind] == f"'self' 'nonce-{nonce}'"
    same = {"script-src": "'self'", "style-src": "'self'"}
    assert allowed | same == directives(POLICY)


def test_nonce_is_new_for_each_request(site: Flask) -> None:
    policies = {ask(site, "/nonce").headers["Content-Security-Policy"] for _ in range(20)}

    assert len(policies) == 20


def test_page_with_a_nonce_is_kept_nowhere(site: Flask) -> None:
    assert ask(site, "/nonce").cache_control.no_store
    assert not ask(site, "/").cache_control.no_store


def test_page_that_asks_for_none_has_no_nonce(site: Flask) -> None:
    ask(site, "/nonce")

    assert "nonce" not in ask(site, "/").headers["Content-Security-Policy"]


VARIANTS = [
    {"FLASKY_GRAVATAR": gravatar, "CSP_REPORT_ONLY": report, "FLASKY_URL": f"{scheme}://{SITE}"}
    for gravatar, report, scheme in product([False, True], [False, True], ["http", "https"])
]


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
@pytest.mark.parametrize("path", ["/plain", "/nonce", "/bug"])
def test_policy_is_strict_in_every_variant(settings: dict[str, Any], path: str) -> None:
    headers = ask(make_site(**settings), path).headers

    reports, https = settings["CSP_REPORT_ONLY"], settings["FLASKY_URL"].startswith("https")
    name = "Content-Security-Policy" + ("-Report-Only" if reports else "")
    [policy] = [value for key, value in headers if key.startswith("Content-Security-Policy")]
    assert headers[name] == policy
    for weak in ("unsafe", "*", "data:", "blob:", "http:", "strict-dynamic", "https: "):
        assert weak not in policy
    pictures = directives(policy)["img-src"]
    gravatar = " https://secure.gravatar.com" if settings["FLASKY_GRAVATAR"] else ""
    assert pictures == f"'self'{gravatar}"
    assert ("upgrade-insecure-requests" in directives(policy)) is (https and not reports)
