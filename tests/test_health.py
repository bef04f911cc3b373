"""The probes: answered whatever is broken, and to strangers with one word."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import health
from app.readiness import readiness_of

from .broken import site_whose_file_became_a_folder, site_whose_server_has_stopped
from .databases import counted_statements, migrated, new_sqlite_url
from .factories import Factory
from .mailbox import free_port
from .reader import Reader
from .redis_server import EphemeralRedis
from .rows import value
from .settings import make_app

PROBES = ["/healthz", "/readyz", "/metrics"]
STRANGER = {"REMOTE_ADDR": "203.0.113.9"}
TOKEN = "a token for monitoring"
WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}
LONG_AGO = "2001-01-01 00:00:00+00:00"


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A program on the site's own machine, which no other test has asked anything."""
    app.extensions["readiness"] = readiness_of(app)
    return app.test_client()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Flask]:
    """A site with a release and a token."""
    app = small_site(
        tmp_path, FLASKY_RELEASE="42", FLASKY_COMMIT="c0ffee", FLASKY_MONITOR_TOKEN=TOKEN
    )
    with migrated(app):
        yield app


def small_site(folder: Path, **settings: Any) -> Flask:
    settings = {"SQLALCHEMY_DATABASE_URI": new_sqlite_url(folder), **settings}
    return make_app(**settings)


def ready(client: FlaskClient, **options: Any) -> TestResponse:
    return client.get("/readyz", **options)


def words(answer: TestResponse) -> Any:
    return answer.get_json()


def test_process_that_lives_says_ok(client: FlaskClient) -> None:
    answer = client.get("/healthz")

    assert (answer.status_code, answer.text) == (200, "ok")
    assert answer.mimetype == "text/plain"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("confirmed", [True, False], ids=["confirmed", "unconfirmed"])
def test_healthz_asks_nothing_even_of_a_member(
    app: Flask, make: Factory, reader: Reader, confirmed: bool
) -> None:
    reader.log_in(make.user("ann"), remember_me="y")
    if not confirmed:
        reader.client.delete_cookie("session")

    with counted_statements(app) as seen:
        answer = reader.client.get("/healthz")

    assert answer.status_code == 200
    assert seen == []
    assert answer.headers.getlist("Set-Cookie") == []


@pytest.mark.parametrize(
    "broken", [site_whose_file_became_a_folder, site_whose_server_has_stopped]
)
def test_without_a_database_the_process_lives_and_is_not_ready(broken: Any) -> None:
    with broken() as reader:
        assert reader.client.get("/healthz").status_code == 200
        answer = ready(reader.client)

    assert answer.status_code == 503
    assert words(answer)["status"] == "not ready"
    assert not words(answer)["checks"]["database"]["ok"]
    assert "Is the database running" in words(answer)["checks"]["database"]["detail"]


def test_ready_site_says_so_with_every_check(client: FlaskClient) -> None:
    answer = ready(client)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert words(answer).keys() == {"status", "release", "commit", "checks"}
    assert words(answer)["status"] == "ready"
    assert words(answer)["checks"].keys() == {"database", "migrations"}
    for check in words(answer)["checks"].values():
        assert check.keys() == {"ok", "duration_ms", "detail"}
        assert check["ok"]


def test_site_before_its_first_deploy_is_not_ready(bare_app: Flask) -> None:
    answer = ready(bare_app.test_client())

    assert answer.status_code == 503
    assert "Run flask deploy." in words(answer)["checks"]["migrations"]["detail"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}], ids=["none", "wrong"])
def test_stranger_learns_one_word(site: Flask, headers: dict[str, str]) -> None:
    answer = ready(site.test_client(), headers=headers, environ_overrides=STRANGER)

    assert words(answer) == {"status": "ready"}
    assert answer.headers["X-Release"] == "42"


def test_token_opens_the_details(site: Flask) -> None:
    answer = ready(site.test_client(), headers=WITH_TOKEN, environ_overrides=STRANGER)

    assert words(answer)["release"] == "42"
    assert words(answer)["commit"] == "c0ffee"
    assert words(answer)["checks"]["database"]["ok"]


def test_stranger_does_not_learn_why_a_site_is_not_ready(bare_app: Flask) -> None:
    answer = ready(bare_app.test_client(), environ_overrides=STRANGER)

    assert answer.status_code == 503
    assert words(answer) == {"status": "not ready"}


def test_process_that_is_stopping_is_alive_and_not_ready(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health.Process, "is_stopping", False)
    assert ready(client).status_code == 200

    health.stopping()

    answer = ready(client)
    assert answer.status_code == 503
    assert words(answer)["status"] == "stopping"
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", PROBES)
def test_probe_is_looked_at_and_nothing_else(client: FlaskClient, path: str) -> None:
    assert client.head(path).status_code == 200
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        assert client.open(path, method=method).status_code == 405, method


@pytest.mark.parametrize("path", PROBES)
def test_probe_is_no_visit(app: Flask, make: Factory, reader: Reader, path: str) -> None:
    ann = make.user("ann")
    reader.log_in(ann)
    with app.app_context():
        app.extensions["sqlalchemy"].session.execute(
            app.extensions["sqlalchemy"].text("UPDATE users SET last_seen = :then"),
            {"then": LONG_AGO},
        )
        app.extensions["sqlalchemy"].session.commit()
    before = value(app, ann, "last_seen")

    assert reader.client.get(path).headers.getlist("Set-Cookie") == []

    assert value(app, ann, "last_seen") == before


@pytest.mark.parametrize("path", PROBES)
def test_probe_comes_over_http_by_any_name(tmp_path: Path, path: str) -> None:
    url = "https://flasky.example"
    names = ["flasky.example"]
    app = small_site(tmp_path, FLASKY_URL=url, SSL_REDIRECT=True, TRUSTED_HOSTS=names)
    with migrated(app):
        answer = app.test_client().get(path, headers={"Host": "10.0.0.7:8000"})

    assert answer.status_code == 200


def test_queue_that_answers_is_named(tmp_path: Path) -> None:
    app = small_site(tmp_path, QUEUE_URL=f"sqlite:///{tmp_path / 'queue.sqlite'}")
    with migrated(app):
        answer = ready(app.test_client())

    assert answer.status_code == 200
    assert words(answer)["checks"]["queue"]["ok"]
    assert words(answer)["checks"]["queue"]["detail"] == "sqlite"


def test_queue_that_is_away_makes_the_site_unready_and_hides_its_password(tmp_path: Path) -> None:
    app = small_site(tmp_path, QUEUE_URL=f"redis://:hidden-word@127.0.0.1:{free_port()}/0")
    with migrated(app):
        answer = ready(app.test_client())

    assert answer.status_code == 503
    assert not words(answer)["checks"]["queue"]["ok"]
    assert "QUEUE_URL" in words(answer)["checks"]["queue"]["detail"]
    assert "hidden-word" not in answer.text


def test_queue_in_redis_is_found_well_again_when_it_is_back(tmp_path: Path) -> None:
    with EphemeralRedis() as redis:
        app = small_site(tmp_path, QUEUE_URL=redis.url)
        with migrated(app):
            statuses = []
            for change in (redis.start, redis.stop, redis.start):
                change()
                app.extensions["readiness"] = readiness_of(app)
                statuses.append(ready(app.test_client()).status_code)

    assert statuses == [200, 503, 200]


def test_counting_attempts_is_no_condition_for_being_ready(tmp_path: Path) -> None:
    away = f"redis://127.0.0.1:{free_port()}/0"
    app = small_site(tmp_path, REDIS_URL=away, QUEUE_URL=None, RATELIMIT_STORAGE_URI=away)
    with migrated(app):
        answer = ready(app.test_client())

    assert answer.status_code == 200
    assert "queue" not in words(answer)["checks"]
