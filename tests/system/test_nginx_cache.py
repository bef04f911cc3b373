"""The cache of nginx spares the site work, and never hands one visitor's page to another."""

import threading
from collections import Counter

import pytest

from tests.factories import PASSWORD
from tests.system.nginx import Nginx
from tests.system.servers import Gunicorn, eventually, fetch
from tests.system.traffic import Traffic
from tests.system.visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nginx")]

ROUNDS = 40


@pytest.fixture
def stranger(site: Gunicorn, nginx: Nginx) -> Visitor:
    return Visitor(nginx)


def member(nginx: Nginx, name: str) -> Visitor:
    return Visitor(nginx).log_in(f"{name}@example.com", PASSWORD)


def cache_of(nginx: Nginx, number: str) -> str:
    """Return what the cache did for the request with this number."""
    eventually(lambda: number in nginx.access_file.read_text())  # written after the answer
    return next(str(line["cache"]) for line in nginx.access() if line["request_id"] == number)


def test_crowd_of_strangers_is_answered_from_the_cache(stranger: Visitor) -> None:
    nginx = stranger.nginx
    with Traffic(nginx.connect, "/?crowd", clients=8, kept=True) as traffic:
        eventually(lambda: traffic.has_reached(3000))
    assert set(traffic.outcomes) == {"200"}
    done = Counter(line["cache"] for line in nginx.access())
    made = done["MISS"] + done["EXPIRED"]
    hits = done["HIT"] + done["UPDATING"] + done["STALE"]
    assert hits > 20 * made, done


def test_stranger_who_comes_alone_gets_no_old_page(stranger: Visitor) -> None:
    nginx = stranger.nginx
    stranger.get("/?alone")
    member(nginx, "eve").submit("/", body="Written a moment ago")

    def fresh() -> bool:
        answer = stranger.get("/?alone")
        is_old = cache_of(nginx, answer.headers["X-Request-ID"]) in {"HIT", "STALE", "UPDATING"}
        assert is_old or b"Written a moment ago" in answer.body
        return not is_old

    eventually(fresh)


@pytest.mark.parametrize("header", ["Cookie: x=1", "Cookie: 0", "Authorization: 0"])
def test_whoever_sends_a_secret_is_not_answered_from_the_cache(
    stranger: Visitor, header: str
) -> None:
    nginx = stranger.nginx
    stranger.get("/?secret")
    name, _, value = header.partition(": ")
    answer = fetch(nginx.connect(), "/?secret", headers={name: value, "Accept-Language": "en"})
    assert cache_of(nginx, answer.headers["X-Request-ID"]) == "BYPASS"


def test_page_of_a_member_is_not_put_into_the_cache(site: Gunicorn, nginx: Nginx) -> None:
    ann = member(nginx, "ann")
    assert b"/user/ann" in ann.get("/user/eve?members").body
    assert b"/user/ann" not in Visitor(nginx).get("/user/eve?members").body


def test_stranger_who_logs_in_sees_it_at_once(stranger: Visitor) -> None:
    assert b"/user/bob" not in stranger.get("/").body
    stranger.log_in("bob@example.com", PASSWORD)
    assert b"/user/bob" in stranger.get("/").body
    assert b"/user/bob" not in Visitor(stranger.nginx).get("/").body


def test_message_for_one_visitor_is_not_shown_to_another(site: Gunicorn, nginx: Nginx) -> None:
    leaving = member(nginx, "ann")
    leaving.submit("/auth/logout", at="/")
    told = leaving.get("/").body.decode()
    assert "flash" in told
    assert "logged out" in told
    assert "logged out" not in Visitor(nginx).get("/").body.decode()


def test_language_of_one_visitor_is_not_anothers(stranger: Visitor) -> None:
    nginx = stranger.nginx
    switched = Visitor(nginx)
    switched.cookies = {"lang": "zh_Hans"}
    chinese = Visitor(nginx, language="zh-CN,zh;q=0.9")
    for _ in range(3):
        assert b'lang="en"' in stranger.get("/").body
        assert b'lang="zh-Hans"' in chinese.get("/").body
        assert b'lang="zh-Hans"' in switched.get("/").body


def test_two_strangers_never_share_a_session(site: Gunicorn, nginx: Nginx) -> None:
    for path in ("/auth/login", "/preferences"):
        one, two = Visitor(nginx), Visitor(nginx)
        one.get(path)
        two.get(path)
        assert one.cookies
        assert one.cookies != two.cookies


def test_head_does_not_empty_the_page(stranger: Visitor) -> None:
    nginx = stranger.nginx
    fetch(nginx.connect(), "/?head", method="HEAD", headers={"Accept-Language": "en"})
    assert stranger.get("/?head").body


def test_everybody_gets_their_own_page_all_at_once(site: Gunicorn, nginx: Nginx) -> None:
    visitors = {
        "ann": member(nginx, "ann"),
        "bob": member(nginx, "bob"),
        "chinese": Visitor(nginx, language="zh-CN"),
        "english": Visitor(nginx),
    }
    marks = {
        "ann": (b"/user/ann", {b"/user/bob", b'lang="zh-Hans"'}),
        "bob": (b"/user/bob", {b"/user/ann", b'lang="zh-Hans"'}),
        "chinese": (b'lang="zh-Hans"', {b"/auth/logout", b'html lang="en"'}),
        "english": (b'html lang="en"', {b"/auth/logout"}),
    }
    wrong: list[str] = []

    def read(name: str) -> None:
        own, others = marks[name]
        for _ in range(ROUNDS):
            body = visitors[name].get("/user/eve?together").body
            if own not in body or any(mark in body for mark in others):
                wrong.append(name)

    threads = [threading.Thread(target=read, args=[name]) for name in visitors for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
