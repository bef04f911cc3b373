"""Hits are counted in Redis for all processes, and in memory while Redis is down."""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from redis import Redis

from app.extensions import limiter
from app.rate_limiting.storage import KEY_PREFIX, ResilientStorage
from tests.auth.actions import try_to_log_in
from tests.support.app_factory import make_app
from tests.support.concurrency import run_concurrently
from tests.support.databases import migrated, new_sqlite_url
from tests.support.dripping_server import dripping_server
from tests.support.http_client import SiteClient
from tests.support.mailbox import free_port
from tests.support.redis_server import EphemeralRedis
from tests.support.waiting import TIMEOUT, wait_until

pytestmark = pytest.mark.slow

MakeApp = Callable[[str], Flask]


@pytest.fixture
def redis() -> Iterator[EphemeralRedis]:
    with EphemeralRedis() as server:
        yield server


@pytest.fixture
def make_limited_app(tmp_path: Path) -> Iterator[MakeApp]:
    """A factory of applications that allow three logins and count in the Redis at a URL."""

    def make(url: str) -> Flask:
        app = make_app(
            SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path),
            RATELIMIT_STORAGE_URI=f"shared+{url}",
            RATELIMIT_LOGIN="3 per hour",
            PROPAGATE_EXCEPTIONS=False,
        )
        with migrated(app):
            return app

    yield make
    make_app()  # the limiter is global: let it count in memory again


def log_in(app: Flask) -> int:
    """Log in with a wrong password; return the status: 200, or 429 if the limit is reached."""
    return try_to_log_in(SiteClient(app), "ann@example.com", "wrong").status


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "app.rate_limiting.storage" and record.levelno >= logging.WARNING
    ]


@contextmanager
def silent_server() -> Iterator[tuple[str, list[socket.socket]]]:
    """Accept connections and never answer; yield the URL and the connections."""
    connections: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connections.append(server.accept()[0])
                except OSError:  # closed
                    return

        thread = Thread(target=accept, daemon=True)
        thread.start()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0", connections
        server.shutdown(socket.SHUT_RDWR)
        thread.join(TIMEOUT)
    for connection in connections:
        connection.close()


def test_processes_share_the_count(redis: EphemeralRedis) -> None:
    first, second = (ResilientStorage(f"shared+{redis.url}") for _ in range(2))

    assert [first.incr("x", 60), second.incr("x", 60), first.incr("x", 60, 2)] == [1, 2, 4]
    assert second.get("x") == 4
    assert second.get_expiry("x") == pytest.approx(first.get_expiry("x"), abs=2)


def test_counts_can_be_reset(redis: EphemeralRedis) -> None:
    storage = ResilientStorage(f"shared+{redis.url}")
    for key in "xyz":
        storage.incr(key, 60)

    storage.clear("x")
    assert [storage.get(key) for key in "xyz"] == [0, 1, 1]
    storage.reset()
    assert [storage.get(key) for key in "xyz"] == [0, 0, 0]
    assert storage.check()


def test_count_survives_a_restart_of_the_process(
    redis: EphemeralRedis, make_limited_app: MakeApp
) -> None:
    assert [log_in(make_limited_app(redis.url)) for _ in range(4)] == [200, 200, 200, 429]


def test_keys_expire_and_have_a_prefix(redis: EphemeralRedis) -> None:
    ResilientStorage(f"shared+{redis.url}").incr("x", 3600)

    with redis.client() as client:
        [key] = client.keys("*")
        assert key.startswith(KEY_PREFIX.encode())
        assert 0 < client.ttl(key) <= 3600


@pytest.mark.parametrize("path", ["/auth/reset", "/auth/register"])
def test_email_addresses_in_forms_become_few_short_keys(
    redis: EphemeralRedis, make_limited_app: MakeApp, path: str
) -> None:
    client = SiteClient(make_limited_app(redis.url))
    for number in range(12):
        for local in (f"ann{number}", "a" * 60 + str(number), "a" * 480_000):
            client.submit(path, {"email": f"{local}@example.com"})

    with redis.client() as connection:
        keys = connection.keys("*")
    assert 0 < len(keys) <= 11  # one of the client, and one per request before it was limited
    assert max(len(key) for key in keys) < 200
    assert not any(b"ann" in key or b"aaa" in key for key in keys)


def test_limits_apply_per_process_when_redis_dies(
    redis: EphemeralRedis, make_limited_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_limited_app(redis.url)
    assert log_in(app) == 200
    redis.kill()

    assert [log_in(app) for _ in range(5)] == [200, 200, 200, 429, 429]
    [warning] = warnings(caplog)
    assert "REDIS_URL" in warning
    assert SiteClient(app).open("/").status == 200


def test_redis_is_used_again_after_an_outage(
    redis: EphemeralRedis, make_limited_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_limited_app(redis.url)
    redis.kill()
    assert [log_in(app) for _ in range(4)][-1] == 429
    redis.start()

    def is_available() -> bool:
        limiter.storage.get("x")
        return len(warnings(caplog)) == 2

    wait_until(is_available, "Redis was not used again.")

    assert [log_in(app) for _ in range(4)] == [200, 200, 200, 429]  # Redis has lost its counts
    assert [warning.split(" (")[0].split(":")[0] for warning in warnings(caplog)] == [
        "Redis is unavailable",
        "Redis is available again",
    ]


@pytest.mark.parametrize("fail", [EphemeralRedis.kill, EphemeralRedis.pause])
def test_site_is_ready_and_degraded_while_redis_is_down(
    redis: EphemeralRedis, make_limited_app: MakeApp, fail: Callable[[EphemeralRedis], None]
) -> None:
    app = make_limited_app(redis.url)
    answers = [app.test_client().get("/readyz")]
    fail(redis)
    log_in(app)
    answers += [app.test_client().get("/readyz")]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [(answer.json or {})["degraded"] for answer in answers] == [[], ["redis"]]


def test_outage_is_logged_once_and_its_end_too(
    redis: EphemeralRedis, caplog: pytest.LogCaptureFixture
) -> None:
    storage = ResilientStorage(f"shared+{redis.url}", retry_interval=0)
    redis.kill()

    assert [storage.incr("x", 60) for _ in range(5)] == [1, 2, 3, 4, 5]
    assert len(warnings(caplog)) == 1
    redis.start()
    assert [storage.incr("x", 60) for _ in range(2)] == [1, 2]
    assert len(warnings(caplog)) == 2


def test_connections_closed_by_a_restart_are_no_outage(
    redis: EphemeralRedis, caplog: pytest.LogCaptureFixture
) -> None:
    storage = ResilientStorage(f"shared+{redis.url}")
    storage.incr("x", 60)
    redis.stop()
    redis.start()

    assert storage.incr("x", 60) == 1
    assert warnings(caplog) == []


def test_redis_that_does_not_answer_is_tried_once(caplog: pytest.LogCaptureFixture) -> None:
    with silent_server() as (url, connections):
        storage = ResilientStorage(f"shared+{url}")

        assert [storage.incr("x", 60) for _ in range(4)] == [1, 2, 3, 4]
        assert len(connections) == 1
        assert len(warnings(caplog)) == 1


@pytest.mark.parametrize(
    ("replies", "byte"),
    [([], b"+"), ([b"%1\r\n+proto\r\n:3\r\n"], b":"), ([b"$9999\r\n"], b"x")],
    ids=["first reply", "second reply", "long reply"],
)
def test_redis_that_sends_byte_by_byte_is_tried_once(
    replies: list[bytes], byte: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with dripping_server(*replies, byte=byte) as port:
        storage = ResilientStorage(f"shared+redis://127.0.0.1:{port}/0")

        assert [storage.incr("x", 60) for _ in range(4)] == [1, 2, 3, 4]
    [warning] = warnings(caplog)
    assert "Timeout" in warning


def test_concurrent_requests_succeed_when_redis_does_not_answer(
    make_limited_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    with silent_server() as (url, _connections):
        app = make_limited_app(url)
        fields = {"email": "ann@example.com", "password": "wrong"}
        forms = [
            (client, client.open("/auth/login")) for client in (SiteClient(app) for _ in range(6))
        ]

        responses = run_concurrently(
            *(lambda client=client, page=page: client.send(page, fields) for client, page in forms)
        )

    assert sorted(page.status for page in responses) == [200, 200, 200, 429, 429, 429]
    assert len(warnings(caplog)) == 1


def exhaust_memory(client: Redis) -> None:
    client.config_set("maxmemory", "1")
    client.config_set("maxmemory-policy", "noeviction")


def make_replica(client: Redis) -> None:
    client.replicaof("127.0.0.1", str(free_port()))


@pytest.mark.parametrize("reject_writes", [exhaust_memory, make_replica])
def test_redis_that_rejects_writes_is_an_outage(
    redis: EphemeralRedis, reject_writes: Callable[[Redis], None], caplog: pytest.LogCaptureFixture
) -> None:
    storage = ResilientStorage(f"shared+{redis.url}", retry_interval=0)
    with redis.client() as client:
        reject_writes(client)

    assert [storage.incr("x", 60) for _ in range(4)] == [1, 2, 3, 4]
    assert len(warnings(caplog)) == 1


def test_password_of_redis_is_not_logged(
    redis: EphemeralRedis, caplog: pytest.LogCaptureFixture
) -> None:
    with redis.client() as client:
        client.config_set("requirepass", "the right one")
    url = redis.url.replace("//", "//:plantedsecret@")

    assert ResilientStorage(f"shared+{url}").incr("x", 60) == 1
    assert len(warnings(caplog)) == 1
    assert "plantedsecret" not in caplog.text
