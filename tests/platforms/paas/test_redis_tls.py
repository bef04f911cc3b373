"""Redis with a self-signed certificate, as on Heroku."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.platforms.paas.conftest import heroku_variables
from tests.platforms.paas.dyno import Web
from tests.platforms.paas.redis_tls import SelfSignedRedis
from tests.platforms.paas.slug import Slug
from tests.support.app_factory import settings_from
from tests.support.factories import PASSWORD
from tests.support.mailbox import Mailbox
from tests.support.raw_browser import RawBrowser
from tests.support.servers import Response, eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("paas")]

SITE = "https://flasky.example"
REDIS = "rediss://:password@host:6379"


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SelfSignedRedis]:
    with SelfSignedRedis(tmp_path_factory.mktemp("certificate")) as running:
        yield running


class RoutedBrowser(RawBrowser):
    """Connects through a router that terminates TLS."""

    def _exchange(self, path: str, **request: Any) -> Response:
        request["headers"] |= {"Host": "flasky.example", "X-Forwarded-Proto": "https"}
        return super()._exchange(path, **request)


def test_rate_limits_use_redis_with_a_self_signed_certificate(
    slug: Slug, database: str, redis: SelfSignedRedis, mail_server: Mailbox
) -> None:
    settings = {"REDIS_URL": redis.address, **mail_server.settings}
    with Web(slug, heroku_variables(database, SITE, **settings)) as web:
        client = RoutedBrowser(SITE, web.connect)
        passwords = {"password": PASSWORD, "password2": PASSWORD}
        client.submit("/auth/register", email="ann@example.com", username="ann", **passwords)
        eventually(lambda: mail_server.to("ann@example.com"), "the email arrives")
        assert "Redis is unavailable" not in web.log
    with redis.client() as flask_client:
        assert flask_client.keys("flasky:ratelimit*")


def test_certificate_is_verified_if_the_url_says_so(
    slug: Slug, database: str, redis: SelfSignedRedis
) -> None:
    strict = f"{redis.address}?ssl_cert_reqs=required"
    with Web(slug, heroku_variables(database, SITE, REDIS_URL=strict)) as web:
        RoutedBrowser(SITE, web.connect).get("/api/v1/posts/")
        eventually(lambda: "certificate verify failed" in web.log)


CASES = {
    "on Heroku": ({"DYNO": "web.1"}, REDIS, f"{REDIS}?ssl_cert_reqs=none"),
    "elsewhere": ({}, REDIS, REDIS),
    "without TLS": ({"DYNO": "web.1"}, "redis://host", "redis://host"),
    "said": ({"DYNO": "web.1"}, f"{REDIS}?ssl_cert_reqs=required", None),
    "with other parameters": (
        {"DYNO": "web.1"},
        f"{REDIS}?db=1",
        f"{REDIS}?db=1&ssl_cert_reqs=none",
    ),
}


@pytest.mark.parametrize(("around", "address", "expected"), CASES.values(), ids=CASES)
def test_certificate_is_ignored_for_redis_on_heroku_only(
    around: dict[str, str], address: str, expected: str | None
) -> None:
    settings = settings_from("heroku", **around, REDIS_URL=address)
    assert (expected or address) == settings.REDIS_URL
    assert f"shared+{settings.REDIS_URL}" == settings.RATELIMIT_STORAGE_URI


def test_other_configurations_verify_every_certificate() -> None:
    settings = settings_from("production", DYNO="web.1", REDIS_URL=REDIS)
    assert settings.REDIS_URL == REDIS
