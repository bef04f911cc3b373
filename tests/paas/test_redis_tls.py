"""What becomes of a site whose Redis has signed its certificate itself, as Heroku's has."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.factories import PASSWORD
from tests.mailbox import Mailbox
from tests.paas.conftest import heroku_variables
from tests.paas.dyno import Web, Worker
from tests.paas.redis_tls import SelfSignedRedis
from tests.paas.slug import Slug
from tests.settings import settings_from
from tests.system.servers import Answer, eventually
from tests.system.visitor import Browser

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("paas")]

SITE = "https://flasky.example"
REDIS = "rediss://:password@host:6379"
NAMES = ("REDIS_URL", "QUEUE_URL")


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SelfSignedRedis]:
    with SelfSignedRedis(tmp_path_factory.mktemp("certificate")) as running:
        yield running


class RoutedBrowser(Browser):
    """Comes through a router, which ends TLS."""

    def _exchange(self, path: str, **request: Any) -> Answer:
        request["headers"] |= {"Host": "flasky.example", "X-Forwarded-Proto": "https"}
        return super()._exchange(path, **request)


def test_worker_dyno_sends_letters_and_web_dyno_counts_attempts_there(
    slug: Slug, database: str, redis: SelfSignedRedis, mail_server: Mailbox
) -> None:
    settings = {"REDIS_URL": redis.address, **mail_server.settings}
    variables = heroku_variables(database, SITE, **settings)
    with Web(slug, variables) as web, Worker(slug, variables) as worker:
        reader = RoutedBrowser(SITE, web.connect)
        passwords = {"password": PASSWORD, "password2": PASSWORD}
        reader.submit("/auth/register", email="ann@example.com", username="ann", **passwords)
        eventually(lambda: mail_server.to("ann@example.com"), "the letter arrives")
        assert worker.end() == 0
        assert "cannot be reached" not in web.log + worker.log
        assert "does not count attempts" not in web.log
    with redis.client() as client:
        assert client.keys("flasky:attempts*")


def test_certificate_is_checked_where_the_address_asks_for_it(
    slug: Slug, database: str, redis: SelfSignedRedis
) -> None:
    strict = f"{redis.address}?ssl_cert_reqs=required"
    with Worker(slug, heroku_variables(database, SITE, REDIS_URL=strict)) as worker:
        eventually(lambda: "certificate verify failed" in worker.log)


CASES = {
    "on Heroku": ({"DYNO": "web.1"}, REDIS, f"{REDIS}?ssl_cert_reqs=none"),
    "elsewhere": ({}, REDIS, REDIS),
    "without TLS": ({"DYNO": "web.1"}, "redis://host", "redis://host"),
    "said": ({"DYNO": "web.1"}, f"{REDIS}?ssl_cert_reqs=required", None),
    "more said": ({"DYNO": "web.1"}, f"{REDIS}?db=1", f"{REDIS}?db=1&ssl_cert_reqs=none"),
}


@pytest.mark.parametrize(("around", "address", "expected"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("name", NAMES)
def test_only_heroku_own_redis_is_believed_without_a_certificate(
    name: str, around: dict[str, str], address: str, expected: str | None
) -> None:
    settings = settings_from("heroku", **around, **{name: address})
    assert getattr(settings, name) == (expected or address)
    if name == "REDIS_URL":
        assert f"shared+{settings.REDIS_URL}" == settings.RATELIMIT_STORAGE_URI
        assert settings.QUEUE_URL == settings.REDIS_URL


def test_other_configurations_check_every_certificate() -> None:
    settings = settings_from("production", DYNO="web.1", REDIS_URL=REDIS)
    assert settings.REDIS_URL == REDIS
