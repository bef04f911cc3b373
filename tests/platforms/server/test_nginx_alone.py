"""nginx caches no personal response, even if the site behind it sends no cache headers."""

import os
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.support.nginx import Nginx
from tests.support.servers import Gunicorn, fetch

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nginx")]

PERSONAL = {
    "cookie": {"Cookie": "session=mine"},
    "cookie that nginx evaluates as false": {"Cookie": "0"},
    "credentials": {"Authorization": "Basic bWluZQ=="},
    "credentials that nginx evaluates as false": {"Authorization": "0"},
    "language": {"Accept-Language": "zh-CN"},
    "host": {"Host": "other.example"},
}
NOT_FOR_ALL = {
    "sets a cookie": {"Set-Cookie": "session=mine"},
    "private": {"Cache-Control": "private"},
    "no-store": {"Cache-Control": "no-store"},
    "no-cache": {"Cache-Control": "no-cache"},
    "max-age of a year": {"Cache-Control": "public, max-age=31536000"},
    "Expires": {"Expires": "Thu, 31 Dec 2099 23:59:59 GMT"},
    "X-Accel-Expires": {"X-Accel-Expires": "86400"},
    "Vary: *": {"Vary": "*"},
}


@pytest.fixture(scope="module")
def careless() -> Iterator[Nginx]:
    """nginx in front of a site without cache headers."""
    environment = {"PATH": os.environ["PATH"], "FLASK_CONFIG": "testing"}
    site = "tests.platforms.server.careless_site:app"
    with Nginx() as nginx:
        bind = f"unix:{nginx.socket}"
        with Gunicorn(environment, "--workers", "1", bind=bind, site=site):
            yield nginx


def ask(nginx: Nginx, path: str, **headers: str) -> str:
    return fetch(nginx.connect(), path, headers=headers).body.decode()


def test_public_page_is_cached(careless: Nginx) -> None:
    assert ask(careless, "/plain") == ask(careless, "/plain")


@pytest.mark.parametrize("first", ["personal", "plain"])
@pytest.mark.parametrize("headers", PERSONAL.values(), ids=PERSONAL)
def test_request_with_credentials_gets_no_cached_response(
    careless: Nginx, headers: dict[str, str], first: str, request: pytest.FixtureRequest
) -> None:
    path = "/" + urlencode({"test": request.node.name})
    order = [headers, {}] if first == "personal" else [{}, headers]
    one, two = (ask(careless, path, **sent) for sent in order)
    assert one.partition(":")[0] != two.partition(":")[0]


@pytest.mark.parametrize("headers", NOT_FOR_ALL.values(), ids=NOT_FOR_ALL)
def test_response_with_its_own_cache_rules_is_not_cached(
    careless: Nginx, headers: dict[str, str]
) -> None:
    path = f"/?{urlencode(headers)}"
    assert ask(careless, path) != ask(careless, path)
