"""`next` parameters never lead to another site."""

from urllib.parse import quote, urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.security.redirects import is_safe_redirect
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient

LOGIN_URL = "https://flasky.example/auth/login"

SAFE = [
    *("/", "/post/1", "/user/ann?before=1-2#posts", "/größe", "/安", "/a//b", "/a:b"),
    *("/%09/evil.example", "/?next=//evil.example", "/@evil.example", "/.//evil.example"),
    f"/{'a' * 5000}",
]
UNSAFE = [
    *("", "post/1", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example"),
    *("https://evil.example", "https:evil.example", "https:/evil.example", "http:evil.example"),
    *("HTTPS://evil.example", "javascript:alert(1)", "data:text/html,x", "mailto:x@evil.example"),
    *("/\t/evil.example", "\t//evil.example", "/\n/evil.example", "/\r/evil.example"),
    *(" //evil.example", "/ /evil.example", "\x00//evil.example", "/\x00/evil.example"),
    *("//evil.example@flasky.example", "//flasky.example@evil.example", "/\\/evil.example"),
    *("//[", "https://[", "?next=/", "#x", "\x7f//evil.example", "\u3000//evil.example"),
    *("\uff0f\uff0fevil.example", "/\\\tevil.example", f"//{'a' * 5000}", "/\x1f/evil.example"),
    "/\x7f/evil.example",
]


def test_only_paths_on_this_site_are_safe() -> None:
    assert [target for target in SAFE if not is_safe_redirect(target)] == []
    assert [target for target in UNSAFE if is_safe_redirect(target)] == []


def browser_host(target: str) -> str:
    """Return the host that a browser requests if the login page redirects to `target`."""
    stripped = target.strip("".join(map(chr, range(33))))
    for dropped in "\t\n\r":
        stripped = stripped.replace(dropped, "")
    return urlsplit(urljoin(LOGIN_URL, stripped.replace("\\", "/"))).netloc


PIECES = st.sampled_from(
    [*"/\\:@?#.\t\n\r \x00[]", "//", "https:", "javascript:", "evil.example", "%09", "%2f", "安"]
)


@given(st.one_of(st.text(), st.lists(PIECES).map("".join), st.text().map(lambda t: f"/{t}")))
@example("/\\evil.example")
@example("/\t/evil.example")
def test_safe_target_never_leaves_the_site(target: str) -> None:
    if is_safe_redirect(target):
        assert browser_host(target) == "flasky.example"


def log_in(client: SiteClient, user: UserData, target: str) -> str:
    """Log in with a `next` parameter; return the Location."""
    url = f"/auth/login?next={quote(target)}"
    form = client.open(url).form_with({"password"})
    fields = {**form.fields, "email": user.email, "password": user.password}
    response = client.client.post(url, data=fields)
    client.client.delete_cookie("session")
    return response.headers["Location"]


def test_login_ignores_unsafe_targets(make: Factory, client: SiteClient) -> None:
    ann = make.user()

    for target in ("//evil.example", "/\\evil.example", "https:evil.example", "/\t/evil.example"):
        assert log_in(client, ann, target) == "/", target


@pytest.mark.parametrize("target", ["/user/ann", "/größe?x=1"])
def test_login_redirects_to_a_safe_target(make: Factory, client: SiteClient, target: str) -> None:
    location = log_in(client, make.user(), target)

    assert browser_host(location) == "flasky.example"
    assert location.startswith(target[:3])
