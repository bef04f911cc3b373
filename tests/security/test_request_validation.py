"""Invalid requests are rejected: NUL characters, impossible ids, invalid UTF-8."""

from urllib.parse import quote

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.app_factory import make_app
from tests.support.factories import Factory
from tests.support.http_client import SiteClient

NUL_URLS = [
    *("/user/a%00b", "/%00", "/?before=%00", "/auth/login?next=/%00", "/post/1%00"),
    *("/auth/reset/%00", "/followers/%00ann", "/?x=%00"),
]
NUL_FIELDS = [
    *(("/", "body"), ("/preview", "body"), ("/edit-profile", "name"), ("/", "anything")),
    *(("/auth/login", "email"), ("/auth/login", "password"), ("/auth/register", "username")),
    *(("/auth/reset", "email"), ("/preferences", "locale"), ("/preferences", "next")),
]


def test_nul_in_a_url_is_rejected(client: SiteClient) -> None:
    for path in NUL_URLS:
        page = client.open(path)

        assert page.status == 400, path
        assert "NUL" in page.text, path


def test_nul_in_a_form_is_rejected(make: Factory, client: SiteClient) -> None:
    client.log_in(make.user())
    for path, field in NUL_FIELDS:
        page = client.post(path, **{field: "a\x00b"})

        assert page.status == 400, (path, field)
        assert "NUL" in page.text, (path, field)


FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
PART = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n"
# Content type, one field, and the end of the form.
FORMS = [
    *((FORM, "a&", ""), (FORM, "a=b&", ""), (FORM, "&", ""), (FORM.upper(), "&", "a")),
    *((f"{FORM}; charset=utf-8", "csrf_token=%00&", ""), (MULTIPART, PART, "--b--\r\n")),
]
PATHS_WITH_FORMS = ["/", "/auth/login", "/preview", "/nowhere", "/api/v1/posts/"]


@pytest.mark.parametrize(("content_type", "field", "end"), FORMS)
@pytest.mark.parametrize("path", PATHS_WITH_FORMS)
def test_too_many_form_fields_are_refused(
    app: Flask, path: str, content_type: str, field: str, end: str
) -> None:
    """249,000 of them took seconds to parse, before the CSRF check."""
    client = app.test_client()

    def status(fields: int) -> int:
        data = field * fields + end
        return client.post(path, data=data, content_type=content_type).status_code

    assert status(900) != 413
    assert status(1_001) == 413
    assert status(12_000) == 413


@pytest.mark.parametrize("field", ["a&", "a=b&", "&", "before=1-1&"])
@pytest.mark.parametrize("path", ["/", "/auth/login", "/nowhere", "/api/v1/posts/"])
def test_too_many_query_parameters_are_refused(app: Flask, path: str, field: str) -> None:
    response = app.test_client().get(f"{path}?{field * 1_000}")

    assert response.status_code == 400


def test_too_many_form_fields_are_refused_in_words(client: SiteClient) -> None:
    page = client.post("/preferences", **{f"field{number}": "" for number in range(1_001)})

    assert page.status == 413
    assert "at most one megabyte and 1,000 fields" in page.text


OWN, OTHER = "https://localhost", "https://evil.example"
# Referer, Origin, and whether the form is accepted over HTTPS.
SENDERS = [
    *((f"{OWN}/auth/login", OWN, True), (f"{OWN}/", None, True), (f"{OWN}/", "null", True)),
    *((None, OWN, True), ("", OWN, True), (None, "HTTPS://LOCALHOST", True)),
    *((None, None, False), (None, "null", False), ("", "", False), (None, OTHER, False)),
    *((OTHER, OWN, False), (f"{OTHER}/", None, False), (None, "http://localhost", False)),
    *((None, f"{OWN}:8443", False), (None, f"{OWN}.evil.example", False)),
    *((None, f"{OWN}@evil.example", False), (None, f"{OWN}:x", False), (f"{OWN}:x/", OWN, False)),
    *((f"{OWN}:99999/", None, False), ("https://[", None, False), (None, "https://[x]", False)),
    *((None, "https://\u2100", False), ("\xe9", None, False), (None, "localhost", False)),
]


@pytest.mark.parametrize(("referer", "origin", "accepted"), SENDERS)
def test_forms_over_https_are_accepted_from_pages_of_this_host(
    referer: str | None, origin: str | None, accepted: bool
) -> None:
    client = SiteClient(make_app(TRUSTED_PROXY_COUNT=1), **{"X-Forwarded-Proto": "https"})
    headers = {"Referer": referer, "Origin": origin}
    client.headers |= {name: value for name, value in headers.items() if value is not None}

    page = client.post("/preferences", theme="dark", locale="en", next="/preferences")

    assert page.status == (200 if accepted else 400)
    assert accepted or "was not sent from this site" in page.text


IDS = [0, -1, 2**31 - 1, 2**31, 2**63, 10**30, "1.0", "0x1", "\u0667", "1e1"]
PATHS = ["/post/{}", "/edit/{}", "/post/{}/deletion", "/edit-profile/{}"]


@pytest.mark.both_databases
def test_impossible_id_is_not_found(make: Factory, client: SiteClient) -> None:
    client.log_in(make.user(role="Administrator"))

    for path in PATHS:
        for id in IDS:
            assert client.open(path.format(id)).status == 404, path.format(id)


def test_impossible_id_is_not_a_wrong_method(make: Factory, client: SiteClient) -> None:
    client.log_in(make.user())

    assert client.open(f"/post/{2**31}/deletion").status == 404
    assert client.post(f"/post/{2**31}").status == 404


def test_invalid_utf8_in_a_url_is_not_found(make: Factory, client: SiteClient) -> None:
    client.log_in(make.user())

    for path in ("/%ff", "/user/%ff%fe", "/post/%c3%28", "/%ed%a0%80"):
        assert client.open(path).status == 404, path


@pytest.mark.both_databases
def test_invalid_utf8_in_a_form_is_accepted(make: Factory, client: SiteClient) -> None:
    page = client.log_in(make.user()).open("/edit-profile")
    token = page.form_with({"about_me"}).fields["csrf_token"]

    response = client.client.post(
        "/edit-profile",
        data=b"about_me=caf%e9+%ed%a0%80&csrf_token=" + token.encode(),
        content_type="application/x-www-form-urlencoded",
    )

    assert response.status_code < 400
    assert "caf" in client.open("/edit-profile").html


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(path=st.text(max_size=40), query=st.text(max_size=40))
def test_no_url_causes_a_server_error(app: Flask, path: str, query: str) -> None:
    url = f"/{quote(path.lstrip('/'))}"  # the test client takes //host for another host
    with app.test_client().get(url, query_string=f"before={quote(query)}") as response:
        assert response.status_code < 500
