"""What the site does not take from strangers: odd targets, odd characters, odd numbers."""

from functools import cache
from urllib.parse import quote, urljoin, urlsplit

import pytest
from flask import Flask, jsonify
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.security import is_safe_redirect, is_trusted_caller

from .factories import Factory
from .reader import Reader
from .settings import make_app

SITE = "https://flasky.example/auth/login"

SAFE = [
    "/",
    "/post/1",
    "/user/ann?before=1-2#posts",
    "/größe",
    "/安",
    "/a//b",
    "/%09/evil.example",
]
SAFE += ["/?next=//evil.example", "/a:b", "/@evil.example", f"/{'a' * 5000}", "/.//evil.example"]

UNSAFE = [
    *("", "post/1", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example"),
    *("https://evil.example", "https:evil.example", "https:/evil.example", "http:evil.example"),
    *("HTTPS://evil.example", "javascript:alert(1)", "data:text/html,x", "mailto:x@evil.example"),
    *("/\t/evil.example", "\t//evil.example", "/\n/evil.example", "/\r/evil.example"),
    *(" //evil.example", "/ /evil.example", "\x00//evil.example", "/\x00/evil.example"),
    *("//evil.example@flasky.example", "//flasky.example@evil.example", "/\\/evil.example"),
    *("//[", "https://[", "?next=/", "#x", "\x7f//evil.example", "\u3000//evil.example"),
    *("\uff0f\uff0fevil.example", "/\\\tevil.example", f"//{'a' * 5000}", "/\x1f/evil.example"),
]


@pytest.mark.parametrize("target", SAFE)
def test_path_on_this_site_is_a_safe_target(target: str) -> None:
    assert is_safe_redirect(target)


@pytest.mark.parametrize("target", UNSAFE)
def test_anything_else_is_no_safe_target(target: str) -> None:
    assert not is_safe_redirect(target)


def test_no_target_is_no_safe_target() -> None:
    assert not is_safe_redirect(None)


def where_browsers_go(target: str) -> str:
    """Return the host that a browser on our site asks when it is sent to `target`."""
    shortened = target.strip("".join(map(chr, range(33))))
    for dropped in "\t\n\r":
        shortened = shortened.replace(dropped, "")
    return urlsplit(urljoin(SITE, shortened.replace("\\", "/"))).netloc


PIECES = st.sampled_from(
    [*"/\\:@?#.\t\n\r \x00[]", "//", "https:", "javascript:", "evil.example", "%09", "%2f", "安"]
)


@given(st.one_of(st.text(), st.lists(PIECES).map("".join), st.text().map(lambda t: f"/{t}")))
@example("/\\evil.example")
@example("/\t/evil.example")
def test_safe_target_never_leaves_the_site(target: str) -> None:
    if is_safe_redirect(target):
        assert where_browsers_go(target) == "flasky.example"


@pytest.mark.parametrize("target", [target for target in UNSAFE if "\x00" not in target])
def test_login_never_leads_off_the_site(make: Factory, reader: Reader, target: str) -> None:
    ann = make.user()
    address = f"/auth/login?next={quote(target)}"
    form = reader.open(address).form_with({"password"})
    fields = {**form.fields, "email": ann.email, "password": ann.password}

    answer = reader.client.post(address, data=fields)

    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("target", ["/user/ann", "/größe?x=1"])
def test_login_leads_to_a_safe_target(make: Factory, reader: Reader, target: str) -> None:
    ann = make.user()
    address = f"/auth/login?next={quote(target)}"
    form = reader.open(address).form_with({"password"})
    fields = {**form.fields, "email": ann.email, "password": ann.password}

    answer = reader.client.post(address, data=fields)

    assert where_browsers_go(answer.headers["Location"]) == "flasky.example"
    assert answer.headers["Location"].startswith(target[:3])


@pytest.mark.parametrize(
    "path",
    [
        *("/user/a%00b", "/%00", "/?before=%00", "/auth/login?next=/%00", "/post/1%00"),
        *("/auth/reset/%00", "/followers/%00ann", "/?x=%00"),
    ],
)
def test_nul_in_an_address_is_refused(make: Factory, reader: Reader, path: str) -> None:
    make.user()

    page = reader.open(path)

    assert page.status == 400
    assert "NUL" in page.text


@pytest.mark.parametrize(
    ("path", "field"),
    [
        *(("/", "body"), ("/preview", "body"), ("/edit-profile", "name"), ("/", "anything")),
        *(("/auth/login", "email"), ("/auth/login", "password"), ("/auth/register", "username")),
        *(("/auth/reset", "email"), ("/preferences", "locale"), ("/preferences", "next")),
    ],
)
def test_nul_in_a_form_is_refused(
    app: Flask, make: Factory, reader: Reader, path: str, field: str
) -> None:
    page = reader.log_in(make.user()).post(path, **{field: "a\x00b"})

    assert page.status == 400
    assert "NUL" in page.text


@pytest.mark.parametrize(
    "id", [0, -1, 2**31 - 1, 2**31, 2**63, 10**30, "1.0", "0x1", "\u0667", "1e1"]
)
@pytest.mark.parametrize("path", ["/post/{}", "/edit/{}", "/post/{}/deletion", "/edit-profile/{}"])
def test_number_of_no_row_is_not_found(
    make: Factory, reader: Reader, path: str, id: int | str
) -> None:
    reader.log_in(make.user(role="Administrator"))

    assert reader.open(path.format(id)).status == 404


@pytest.mark.parametrize("path", ["/%ff", "/user/%ff%fe", "/post/%c3%28", "/%ed%a0%80"])
def test_address_that_is_no_utf8_is_not_found(make: Factory, reader: Reader, path: str) -> None:
    reader.log_in(make.user())

    assert reader.open(path).status == 404


def test_form_that_is_no_utf8_is_answered(make: Factory, reader: Reader) -> None:
    page = reader.log_in(make.user()).open("/")
    token = page.form_with({"body"}).fields["csrf_token"]

    answer = reader.client.post(
        "/",
        data=b"body=caf%e9+%ed%a0%80&csrf_token=" + token.encode(),
        content_type="application/x-www-form-urlencoded",
    )

    assert answer.status_code < 400
    assert "caf" in reader.open("/").text


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(path=st.text(max_size=40), query=st.text(max_size=40))
def test_no_address_breaks_the_site(app: Flask, path: str, query: str) -> None:
    with app.test_client().get(f"/{quote(path)}", query_string=f"before={quote(query)}") as answer:
        assert answer.status_code < 500


TOKEN = "a word for the monitoring"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
READER = "198.51.100.7"
# Who asks: proxies that are declared, the peer, its headers; and whether it runs this site.
CALLERS: dict[str, tuple[int, str, dict[str, str], bool]] = {
    "program": (0, "127.0.0.1", {}, True),
    "program by IPv6": (0, "::1", {}, True),
    "program by IPv4 in IPv6": (0, "::ffff:127.0.0.1", {}, True),
    "program by a unix socket": (0, "", {}, True),
    "program that does not know of the proxy": (1, "127.0.0.1", {}, True),
    "reader": (0, READER, {}, False),
    "neighbour": (0, "10.0.0.1", {}, False),
    "reader by IPv6": (0, "2001:db8::7", {}, False),
    "reader behind a proxy": (1, "127.0.0.1", {"X-Forwarded-For": READER}, False),
    "reader behind a proxy on a unix socket": (1, "", {"X-Forwarded-For": READER}, False),
    "reader who claims to be here": (1, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, False),
    "reader who claims it from outside": (1, READER, {"X-Forwarded-For": "127.0.0.1"}, False),
    "reader behind a proxy that nobody declared": (
        0,
        "127.0.0.1",
        {"X-Forwarded-For": READER},
        False,
    ),
    **{
        f"reader behind a proxy that says {name} alone": (0, "127.0.0.1", {name: ""}, False)
        for name in ("Forwarded", "Via", "X-Real-IP", "X-Forwarded-Host", "X-Forwarded-Proto")
    },
    "monitor": (1, "127.0.0.1", {"X-Forwarded-For": READER, **BEARER}, True),
    "monitor in lower case": (0, READER, {"Authorization": f"bearer {TOKEN}"}, True),
    "wrong word": (0, READER, {"Authorization": f"Bearer {TOKEN}x"}, False),
    "wrong word from here": (0, "127.0.0.1", {"Authorization": "Bearer x"}, False),
    "odd word": (0, READER, {"Authorization": "Bearer \xff"}, False),
    "no word": (0, READER, {"Authorization": "Bearer "}, False),
    "word as a password": (0, READER, {"Authorization": f"Basic {TOKEN}"}, False),
}


@cache
def trusting_site(proxies: int, token: str | None) -> Flask:
    """Return a site that says at /trust whether it trusts the caller."""
    app = make_app(FLASKY_PROXIES=proxies, FLASKY_MONITOR_TOKEN=token)
    app.add_url_rule("/trust", "trust", lambda: jsonify(is_trusted_caller()))
    return app


@pytest.mark.parametrize(("proxies", "peer", "headers", "trusted"), CALLERS.values(), ids=CALLERS)
def test_details_are_for_those_who_run_the_site(
    proxies: int, peer: str, headers: dict[str, str], trusted: bool
) -> None:
    answer = (
        trusting_site(proxies, TOKEN)
        .test_client()
        .get("/trust", headers=headers, environ_overrides={"REMOTE_ADDR": peer})
    )

    assert answer.get_json() is trusted


@pytest.mark.parametrize("token", [None, ""])
@pytest.mark.parametrize("sent", ["Bearer None", "Bearer ", "Bearer", "Bearer \x00"])
def test_site_without_a_token_takes_none(token: str | None, sent: str) -> None:
    answer = (
        trusting_site(0, token)
        .test_client()
        .get("/trust", headers={"Authorization": sent}, environ_overrides={"REMOTE_ADDR": READER})
    )

    assert answer.get_json() is False
