"""The cache of nginx saves requests, and never serves one user's page to another."""

import threading
from collections import Counter

import pytest

from tests.support.factories import PASSWORD
from tests.support.nginx import Nginx
from tests.support.raw_browser import NginxBrowser
from tests.support.servers import Gunicorn, eventually, fetch
from tests.support.traffic import Traffic

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nginx")]

ROUNDS = 40


@pytest.fixture
def anonymous(site: Gunicorn, nginx: Nginx) -> NginxBrowser:
    return NginxBrowser(nginx)


def logged_in(nginx: Nginx, name: str) -> NginxBrowser:
    return NginxBrowser(nginx).log_in(f"{name}@example.com", PASSWORD)


def cache_of(nginx: Nginx, request_id: str) -> str:
    """Return the cache status of the request with this ID."""
    eventually(lambda: request_id in nginx.access_file.read_text())  # written after the response
    return next(str(line["cache"]) for line in nginx.access() if line["request_id"] == request_id)


def test_anonymous_requests_are_served_from_the_cache(anonymous: NginxBrowser) -> None:
    nginx = anonymous.nginx
    with Traffic(nginx.connect, "/?crowd", clients=8, keep_alive=True) as traffic:
        eventually(lambda: traffic.has_reached(3000))
    assert set(traffic.outcomes) == {"200"}
    done = Counter(line["cache"] for line in nginx.access())
    made = done["MISS"] + done["EXPIRED"]
    hits = done["HIT"] + done["UPDATING"] + done["STALE"]
    assert hits > 20 * made, done


def test_single_anonymous_request_renews_the_page(anonymous: NginxBrowser) -> None:
    anonymous.get("/?alone")
    logged_in(anonymous.nginx, "eve").submit("/", body="Written a moment ago")

    eventually(lambda: b"Written a moment ago" in anonymous.get("/?alone").body)
    assert b"Written a moment ago" in anonymous.get("/?alone").body


@pytest.mark.parametrize("header", ["Cookie: x=1", "Cookie: 0", "Authorization: 0"])
def test_request_with_credentials_bypasses_the_cache(anonymous: NginxBrowser, header: str) -> None:
    nginx = anonymous.nginx
    anonymous.get("/?secret")
    name, _, value = header.partition(": ")
    answer = fetch(nginx.connect(), "/?secret", headers={name: value, "Accept-Language": "en"})
    assert cache_of(nginx, answer.headers["X-Request-ID"]) == "BYPASS"


def test_page_of_a_logged_in_user_is_not_cached(site: Gunicorn, nginx: Nginx) -> None:
    ann = logged_in(nginx, "ann")
    assert b"/user/ann" in ann.get("/user/eve?members").body
    assert b"/user/ann" not in NginxBrowser(nginx).get("/user/eve?members").body


def test_login_takes_effect_at_once(anonymous: NginxBrowser) -> None:
    assert b"/user/bob" not in anonymous.get("/").body
    anonymous.log_in("bob@example.com", PASSWORD)
    assert b"/user/bob" in anonymous.get("/").body
    assert b"/user/bob" not in NginxBrowser(anonymous.nginx).get("/").body


def test_flashed_message_is_not_cached(site: Gunicorn, nginx: Nginx) -> None:
    leaving = logged_in(nginx, "ann")
    leaving.submit("/auth/logout", at="/")
    messages = leaving.get("/").body.decode()
    assert "flash" in messages
    assert "logged out" in messages
    assert "logged out" not in NginxBrowser(nginx).get("/").body.decode()


def test_pages_are_cached_by_language(anonymous: NginxBrowser) -> None:
    nginx = anonymous.nginx
    switched = NginxBrowser(nginx)
    switched.cookies = {"lang": "zh_Hans"}
    chinese = NginxBrowser(nginx, language="zh-CN,zh;q=0.9")
    for _ in range(3):
        assert b'lang="en"' in anonymous.get("/").body
        assert b'lang="zh-Hans"' in chinese.get("/").body
        assert b'lang="zh-Hans"' in switched.get("/").body


def test_two_anonymous_users_never_share_a_session(site: Gunicorn, nginx: Nginx) -> None:
    for path in ("/auth/login", "/preferences"):
        one, two = NginxBrowser(nginx), NginxBrowser(nginx)
        one.get(path)
        two.get(path)
        assert one.cookies
        assert one.cookies != two.cookies


def test_head_request_does_not_cache_an_empty_page(anonymous: NginxBrowser) -> None:
    nginx = anonymous.nginx
    fetch(nginx.connect(), "/?head", method="HEAD", headers={"Accept-Language": "en"})
    assert anonymous.get("/?head").body


def test_concurrent_users_get_their_own_pages(site: Gunicorn, nginx: Nginx) -> None:
    browsers = {
        "ann": logged_in(nginx, "ann"),
        "bob": logged_in(nginx, "bob"),
        "chinese": NginxBrowser(nginx, language="zh-CN"),  # chinese-only
        "english": NginxBrowser(nginx),
    }
    marks = {
        "ann": (b"/user/ann", {b"/user/bob"}),
        "bob": (b"/user/bob", {b"/user/ann"}),
        "chinese": (b'lang="zh-Hans"', {b"/auth/logout", b'html lang="en"'}),  # chinese-only
        "english": (b'html lang="en"', {b"/auth/logout"}),
    }
    wrong: list[str] = []

    def read(name: str) -> None:
        own, others = marks[name]
        for _ in range(ROUNDS):
            body = browsers[name].get("/user/eve?together").body
            if own not in body or any(mark in body for mark in others):
                wrong.append(name)

    threads = [threading.Thread(target=read, args=[name]) for name in browsers for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
