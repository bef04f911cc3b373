"""What nginx keeps is nobody's own, even if the site behind it says nothing about that."""

import os
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.system.nginx import Nginx
from tests.system.servers import Gunicorn, fetch

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nginx")]

PERSONAL = {
    "cookie": {"Cookie": "session=mine"},
    "cookie that nginx takes for none": {"Cookie": "0"},
    "password": {"Authorization": "Basic bWluZQ=="},
    "password that nginx takes for none": {"Authorization": "0"},
    "language": {"Accept-Language": "zh-CN"},
    "host": {"Host": "other.example"},
}
NOT_FOR_ALL = {
    "sets a cookie": {"Set-Cookie": "session=mine"},
    "private": {"Cache-Control": "private"},
    "not stored": {"Cache-Control": "no-store"},
    "asked for again": {"Cache-Control": "no-cache"},
    "kept for a year": {"Cache-Control": "public, max-age=31536000"},
    "kept for a day": {"Expires": "Thu, 31 Dec 2099 23:59:59 GMT"},
    "kept by nginx": {"X-Accel-Expires": "86400"},
    "for this reader alone": {"Vary": "*"},
}


@pytest.fixture(scope="module")
def careless() -> Iterator[Nginx]:
    """nginx in front of a site that never says whom an answer is for."""
    environment = {"PATH": os.environ["PATH"], "FLASK_CONFIG": "testing"}
    site = "tests.system.careless_site:app"
    with Nginx() as nginx:
        bind = f"unix:{nginx.socket}"
        with Gunicorn(environment, "--workers", "1", bind=bind, site=site):
            yield nginx


def ask(nginx: Nginx, path: str, **headers: str) -> str:
    return fetch(nginx.connect(), path, headers=headers).body.decode()


def test_page_for_everybody_is_kept(careless: Nginx) -> None:
    assert ask(careless, "/plain") == ask(careless, "/plain")


@pytest.mark.parametrize("first", ["personal", "plain"])
@pytest.mark.parametrize("headers", PERSONAL.values(), ids=PERSONAL)
def test_personal_request_shares_no_answer(
    careless: Nginx, headers: dict[str, str], first: str, request: pytest.FixtureRequest
) -> None:
    path = "/" + urlencode({"test": request.node.name})
    order = [headers, {}] if first == "personal" else [{}, headers]
    one, two = (ask(careless, path, **sent) for sent in order)
    assert one.partition(":")[0] != two.partition(":")[0]


@pytest.mark.parametrize("headers", NOT_FOR_ALL.values(), ids=NOT_FOR_ALL)
def test_answer_that_says_whom_it_is_for_is_not_kept(
    careless: Nginx, headers: dict[str, str]
) -> None:
    path = f"/?{urlencode(headers)}"
    assert ask(careless, path) != ask(careless, path)
