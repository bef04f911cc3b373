"""Limits count in Redis for all processes, and go on in each process while Redis is away."""

import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask

from app.attempts import KEY_PREFIX, SharedAttempts
from app.extensions import limiter

from .auth.actions import try_to_log_in
from .databases import migrated, new_sqlite_url
from .reader import Reader
from .redis_server import EphemeralRedis
from .settings import make_app
from .test_races import at_once

PATIENCE = 30  # seconds until Redis must have been asked again
SiteOn = Callable[[str], Flask]

pytestmark = pytest.mark.slow


@pytest.fixture
def redis() -> Iterator[EphemeralRedis]:
    with EphemeralRedis() as server:
        yield server


@pytest.fixture
def site_on(tmp_path: Path) -> Iterator[SiteOn]:
    """Makes a site that counts in the Redis at a URL, and lets three passwords be tried."""

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
    make_app()  # lets the limiter, of which there is one, count in memory again


def guess(app: Flask) -> int:
    """Try a wrong password; return the status: 200, or 429 when no more may be tried."""
    return try_to_log_in(Reader(app), "ann@example.com", "wrong").status


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "app.attempts" and record.levelno >= logging.WARNING
    ]


@contextmanager
def black_hole() -> Iterator[tuple[str, list[socket.socket]]]:
    """Give the URL of what accepts connections and never answers, and these connections."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    taken.append(server.accept()[0])
                except OSError:  # closed
                    return

        thread = Thread(target=accept, daemon=True)
        thread.start()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0", taken
        server.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE)
    for connection in taken:
        connection.close()


def test_processes_count_together(redis: EphemeralRedis) -> None:
    one, other = (SharedAttempts(f"shared+{redis.url}") for _ in range(2))

    assert [one.incr("x", 60), other.incr("x", 60), one.incr("x", 60)] == [1, 2, 3]
    assert other.get("x") == 3


def test_limit_outlives_the_process(redis: EphemeralRedis, site_on: SiteOn) -> None:
    assert [guess(site_on(redis.url)) for _ in range(4)] == [200, 200, 200, 429]


def test_what_is_counted_is_forgotten_in_time_and_is_told_from_others(
    redis: EphemeralRedis, site_on: SiteOn
) -> None:
    guess(site_on(redis.url))

    with redis.client() as client:
        [key] = client.keys("*")
        assert key.startswith(KEY_PREFIX.encode())
        assert 0 < client.ttl(key) <= 3600


def test_limits_hold_in_the_process_when_redis_dies(
    redis: EphemeralRedis, site_on: SiteOn, caplog: pytest.LogCaptureFixture
) -> None:
    app = site_on(redis.url)
    assert guess(app) == 200
    redis.kill()

    assert [guess(app) for _ in range(5)] == [200, 200, 200, 429, 429]
    [warning] = warnings(caplog)
    assert "REDIS_URL" in warning
    assert Reader(app).open("/").status == 200


def test_redis_is_used_again_when_it_is_back(
    redis: EphemeralRedis, site_on: SiteOn, caplog: pytest.LogCaptureFixture
) -> None:
    app = site_on(redis.url)
    redis.kill()
    assert [guess(app) for _ in range(4)][-1] == 429
    redis.start()

    give_up = time.monotonic() + PATIENCE
    while limiter.storage.get("x") or len(warnings(caplog)) < 2:
        assert time.monotonic() < give_up, warnings(caplog)
        time.sleep(0.05)

    assert [guess(app) for _ in range(4)] == [200, 200, 200, 429]  # as Redis, which forgot, says
    assert [words.split()[:2] for words in warnings(caplog)] == [
        ["Redis", "does"],
        ["Redis", "counts"],
    ]


def test_long_outage_is_one_line_in_the_log(
    redis: EphemeralRedis, caplog: pytest.LogCaptureFixture
) -> None:
    counts = SharedAttempts(f"shared+{redis.url}", ask_again_after=0)
    redis.kill()

    assert [counts.incr("x", 60) for _ in range(5)] == [1, 2, 3, 4, 5]
    assert len(warnings(caplog)) == 1
    redis.start()
    assert [counts.incr("x", 60) for _ in range(2)] == [1, 2]
    assert len(warnings(caplog)) == 2


def test_connections_that_redis_has_closed_are_no_outage(
    redis: EphemeralRedis, site_on: SiteOn, caplog: pytest.LogCaptureFixture
) -> None:
    app = site_on(redis.url)
    guess(app)
    redis.stop()
    redis.start()

    assert guess(app) == 200
    assert warnings(caplog) == []


def test_redis_that_never_answers_is_asked_once_in_a_while(
    site_on: SiteOn, caplog: pytest.LogCaptureFixture
) -> None:
    with black_hole() as (url, taken):
        app = site_on(url)

        assert [guess(app) for _ in range(6)] == [200, 200, 200, 429, 429, 429]
        assert len(taken) == 1
        assert len(warnings(caplog)) == 1


def test_requests_that_wait_for_redis_together_all_go_on(
    site_on: SiteOn, caplog: pytest.LogCaptureFixture
) -> None:
    with black_hole() as (url, _taken):
        app = site_on(url)
        fields = {"email": "ann@example.com", "password": "wrong"}
        pages = [
            (reader, reader.open("/auth/login")) for reader in (Reader(app) for _ in range(6))
        ]

        answers = at_once(
            *(lambda reader=reader, page=page: reader.send(page, fields) for reader, page in pages)
        )

    assert sorted(page.status for page in answers) == [200, 200, 200, 429, 429, 429]
    assert len(warnings(caplog)) == 1


def test_redis_that_cannot_write_is_away(
    redis: EphemeralRedis, site_on: SiteOn, caplog: pytest.LogCaptureFixture
) -> None:
    app = site_on(redis.url)
    with redis.client() as client:
        client.config_set("maxmemory", "1")
        client.config_set("maxmemory-policy", "noeviction")

    assert [guess(app) for _ in range(5)] == [200, 200, 200, 429, 429]
    assert len(warnings(caplog)) == 1


def test_wrong_password_of_redis_is_told_without_it(
    redis: EphemeralRedis, site_on: SiteOn, caplog: pytest.LogCaptureFixture
) -> None:
    with redis.client() as client:
        client.config_set("requirepass", "the right one")
    app = site_on(redis.url.replace("//", "//:plantedsecret@"))

    assert guess(app) == 200
    assert len(warnings(caplog)) == 1
    assert "plantedsecret" not in caplog.text
