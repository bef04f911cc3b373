"""Where a request comes from, over what, and for whom: what proxies say, and clients cannot."""

import json
import logging
from functools import cache
from http.client import responses
from typing import Any

import pytest
from flask import Flask, request, url_for
from werkzeug.test import TestResponse, create_environ, run_wsgi_app
from werkzeug.wrappers import Response

from .databases import counted_statements, migrated, new_sqlite_url
from .factories import Factory
from .reader import Reader
from .settings import make_app

SITE = "flasky.example"
EVIL = "evil.example"
PEER = "203.0.113.9"  # whoever connects
READER = "198.51.100.7"
FORGED = "192.0.2.66"
INNER = "10.0.0.1"  # the proxy before the last one
Answer = dict[str, Any]


@cache
def site(proxies: int = 0, hosts: int = 0, *trusted: str) -> Flask:
    """Return the site behind `proxies`, with a page that tells what it believes of a request."""
    app = make_app(
        SQLALCHEMY_DATABASE_URI="sqlite://",
        FLASKY_PROXIES=proxies,
        FLASKY_PROXIES_HOST=hosts,
        TRUSTED_HOSTS=list(trusted) or [SITE],
    )

    def beliefs() -> Answer:
        belief = {"address": request.remote_addr, "scheme": request.scheme, "host": request.host}
        return belief | {"prefix": request.script_root, "path": request.path, "home": url_for("b")}

    app.add_url_rule("/beliefs", "b", beliefs, methods=["GET", "POST"])
    return app


def ask(app: Flask, host: str | None = SITE, **variables: Any) -> Response:
    """Ask as a server does that got `variables`; no Host at all if it is None."""
    environ = create_environ(variables.pop("path", "/beliefs"))
    environ |= {"REMOTE_ADDR": PEER, "HTTP_HOST": host} | variables
    if host is None:
        del environ["HTTP_HOST"]
    return Response(*_order(run_wsgi_app(app, environ, buffered=True)))


def _order(answer: tuple[Any, str, Any]) -> tuple[Any, str, Any]:
    body, status, headers = answer
    return list(body), status, headers


def believed(app: Flask, host: str | None = SITE, **variables: Any) -> Answer:
    answer = ask(app, host, **variables)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    belief: Answer = json.loads(answer.get_data())
    return belief


LIES = {
    "nothing": {},
    "address": {"HTTP_X_FORWARDED_FOR": FORGED},
    "addresses": {"HTTP_X_FORWARDED_FOR": f"{FORGED}, 127.0.0.1, {FORGED}"},
    "scheme": {"HTTP_X_FORWARDED_PROTO": "https"},
    "other words for the scheme": {"HTTP_X_FORWARDED_SSL": "on", "HTTP_FRONT_END_HTTPS": "on"},
    "host": {"HTTP_X_FORWARDED_HOST": EVIL},
    "port": {"HTTP_X_FORWARDED_PORT": "4711"},
    "prefix": {"HTTP_X_FORWARDED_PREFIX": "/evil", "HTTP_X_SCRIPT_NAME": "/evil"},
    "standard": {"HTTP_FORWARDED": f"for={FORGED};host={EVIL};proto=https"},
    "nginx": {"HTTP_X_REAL_IP": FORGED},
    "others": {"HTTP_CLIENT_IP": FORGED, "HTTP_TRUE_CLIENT_IP": FORGED, "HTTP_VIA": FORGED},
    "path": {"HTTP_X_ORIGINAL_URL": "/evil", "HTTP_X_REWRITE_URL": "/evil"},
}
TRUTH = {"address": PEER, "scheme": "http", "host": SITE, "prefix": "", "path": "/beliefs"}
TRUTH["home"] = "/beliefs"


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_without_a_proxy_no_header_is_believed(lie: dict[str, str]) -> None:
    assert believed(site(), **lie) == TRUTH


@pytest.mark.parametrize("proxies", [1, 2])
@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_behind_proxies_a_client_is_what_they_say(lie: dict[str, str], proxies: int) -> None:
    """Proxies add to what the client sent, or replace it; what they do not know, they pass on."""
    said = [READER, INNER][:proxies]
    sent = lie.get("HTTP_X_FORWARDED_FOR")
    variables = lie | {
        "HTTP_X_FORWARDED_FOR": ", ".join([sent, *said] if sent else said),
        "HTTP_X_FORWARDED_PROTO": ", ".join(["https", "http"][:proxies]),
    }

    assert believed(site(proxies), **variables) == TRUTH | {"address": READER, "scheme": "https"}


# What comes as X-Forwarded-For, and what the site takes for the reader's address.
LISTS = {
    "nothing": (1, "", PEER),
    "one": (1, READER, READER),
    "long": (1, f"{FORGED}, " * 300 + READER, READER),
    "empty places": (1, f",, ,{FORGED},, {READER}", READER),
    "open quotation": (1, f'"{FORGED}, {READER}', READER),
    "open quotation, later": (1, f'x, "{FORGED}\\, {READER}', READER),
    "quoted": (1, f'"{FORGED}", {READER}', READER),
    "nonsense": (1, f"<script>, ' OR 1, \x7f, {READER}", READER),
    "IPv6": (1, f"{FORGED}, 2001:db8::7", "2001:db8::7"),
    "two": (2, f"{READER}, {INNER}", READER),
    "three before two": (2, f"{FORGED}, {READER}, {INNER}", READER),
    "one before two": (2, READER, PEER),
    "open quotation before two": (2, f'"{FORGED}, {READER}, {INNER}', READER),
}


@pytest.mark.parametrize(("proxies", "sent", "address"), LISTS.values(), ids=LISTS)
def test_as_many_addresses_are_believed_as_there_are_proxies(
    proxies: int, sent: str, address: str
) -> None:
    assert believed(site(proxies), HTTP_X_FORWARDED_FOR=sent)["address"] == address


SCHEMES = {
    "https": (1, "https", "https"),
    "http": (1, "http", "http"),
    "forged before it": (1, "https, http", "http"),
    "open quotation": (1, '"https, http', "http"),
    "two": (2, "https, http", "https"),
    "too few": (2, "https", "http"),
}


@pytest.mark.parametrize(("proxies", "sent", "scheme"), SCHEMES.values(), ids=SCHEMES)
def test_scheme_is_what_the_outermost_proxy_says(proxies: int, sent: str, scheme: str) -> None:
    assert believed(site(proxies), HTTP_X_FORWARDED_PROTO=sent)["scheme"] == scheme


@pytest.mark.parametrize(
    ("sent", "status"),
    [(SITE, 200), (f"{EVIL}, {SITE}", 200), (EVIL, 400), (f"{SITE}, {EVIL}", 400)],
)
def test_host_is_what_the_declared_proxy_says(sent: str, status: int) -> None:
    answer = ask(site(1, 1), host="inside.example", HTTP_X_FORWARDED_HOST=sent)

    assert answer.status_code == status


KNOWN = {
    "name": (SITE, SITE),
    "with a port": (f"{SITE}:8080", f"{SITE}:8080"),
    "with the usual port": (f"{SITE}:80", SITE),
    "upper case": ("FLASKY.Example", SITE),
    "final dot": (f"{SITE}.", SITE),
    "final dot and port": (f"{SITE}.:8080", f"{SITE}:8080"),
}
UNKNOWN = {
    "another": EVIL,
    "none": None,  # HTTP/1.0
    "empty": "",
    "two": f"{SITE},{EVIL}",  # what servers make of two headers
    "two, ours last": f"{EVIL}, {SITE}",
    "address": "127.0.0.1",
    "IPv6": "[::1]:8000",
    "subdomain": f"www.{SITE}",
    "ours in front": f"{SITE}.{EVIL}",
    "ours at the end": f"evil{SITE}",
    "user": f"{SITE}@{EVIL}",
    "user of ours": f"{EVIL}@{SITE}",
    "bad port": f"{SITE}:99999",
    "port in words": f"{SITE}:{EVIL}",
    "path": f"{SITE}/{EVIL}",
    "backslash": f"{SITE}\\{EVIL}",
    "blank": f"{SITE} {EVIL}",
    "control characters": f"{SITE}\t\x00{EVIL}",
    "beyond ASCII": "flaskÿ.example",
    "long": "a" * 8000,
    "URL": f"http://{SITE}/",
}


@pytest.mark.parametrize(("host", "meant"), KNOWN.values(), ids=KNOWN)
def test_site_is_known_by_its_name(host: str, meant: str) -> None:
    assert believed(site(), host)["host"] == meant


@pytest.mark.parametrize("host", ["www.flasky.example", SITE, "a.b.flasky.example:81"])
def test_subdomains_are_taken_in_where_a_dot_says_so(host: str) -> None:
    assert believed(site(0, 0, f".{SITE.upper()}"), host)["host"] == host


@pytest.mark.parametrize("host", UNKNOWN.values(), ids=UNKNOWN)
def test_unknown_host_gets_a_short_answer_that_says_what_to_do(host: str | None) -> None:
    answer = ask(site(), host)

    text = answer.get_data(as_text=True)
    assert (answer.status_code, answer.mimetype) == (400, "text/plain")
    assert "TRUSTED_HOSTS" in text
    assert len(text) < 300
    assert not host or host not in text
    assert answer.cache_control.no_store
    assert "Content-Security-Policy" in answer.headers
    assert "X-Request-ID" in answer.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/nowhere", "/auth/login", "/static/favicon.svg", "//"])
def test_unknown_host_gets_nothing_else(method: str, path: str) -> None:
    answer = ask(site(), EVIL, path=path, REQUEST_METHOD=method)

    assert answer.status_code == 400
    assert answer.mimetype == "text/plain"


def test_unknown_host_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        ask(site(), f"{EVIL}\nFORGED LINE")

    line = next(record for record in caplog.records if "TRUSTED_HOSTS" in record.getMessage())
    assert EVIL in line.getMessage()
    assert "\n" not in line.getMessage()
    assert line.exc_info is None


def test_unknown_host_is_told_in_the_readers_language() -> None:
    answer = ask(site(), EVIL, HTTP_ACCEPT_LANGUAGE="zh-CN")

    assert answer.get_data(as_text=True).startswith("本站")


def test_nobody_is_looked_up_for_an_unknown_host(tmp_path_factory: Any) -> None:
    url = new_sqlite_url(tmp_path_factory.mktemp("hosts"))
    app = make_app(SQLALCHEMY_DATABASE_URI=url)
    with migrated(app):
        reader = Reader(app).log_in(Factory(app).user())
        app.config["TRUSTED_HOSTS"] = [SITE]
        with counted_statements(app) as statements:
            answer: TestResponse = reader.client.get("/")

    assert answer.status_code == 400
    assert statements == []


@pytest.mark.parametrize("host", UNKNOWN.values(), ids=UNKNOWN)
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probe_is_answered_under_any_host(path: str, host: str | None) -> None:
    answer = ask(site(), host, path=path)

    assert responses[answer.status_code] != "Bad Request"
    assert "TRUSTED_HOSTS" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/healthz/", "/healthz/../", "//healthz", "/HEALTHZ"])
def test_only_probes_are_answered_under_any_host(path: str) -> None:
    assert ask(site(), EVIL, path=path).status_code == 400


@pytest.mark.parametrize(
    "path", ["//post//1", "/post//1", f"//{EVIL}/", f"//{EVIL}//auth/login", "/auth//login"]
)
@pytest.mark.parametrize("host", [SITE, f"{SITE}:4711"])
def test_path_with_doubled_slashes_leads_nowhere(path: str, host: str) -> None:
    answer = ask(site(), host, PATH_INFO=path)

    assert answer.status_code == 404
    assert "Location" not in answer.headers
