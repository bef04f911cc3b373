"""/healthz and /readyz work during outages, and show details only to trusted clients."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from app.extensions import db
from app.health import views
from app.health.checks import Readiness
from app.security.trusted_clients import PROBES
from tests.support.app_factory import make_app
from tests.support.broken_database import (
    site_with_stopped_postgres,
    site_with_unusable_sqlite_file,
)
from tests.support.databases import migrated, new_sqlite_url, record_statements
from tests.support.factories import Factory
from tests.support.http_client import SiteClient
from tests.support.mailbox import free_port
from tests.support.rows import user_column

PATHS = [f"/{name}" for name in sorted(PROBES)]
REMOTE = {"REMOTE_ADDR": "203.0.113.9"}
TOKEN = "a token for monitoring"
LONG_AGO = "2001-01-01 00:00:00+00:00"


@pytest.fixture
def local(app: Flask) -> FlaskClient:
    """A trusted client, without cached results of other tests."""
    app.extensions["readiness"] = Readiness(app)
    return app.test_client()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Flask]:
    """An application with a release and a METRICS_TOKEN."""
    app = make_site(tmp_path, RELEASE="42", COMMIT="c0ffee", METRICS_TOKEN=TOKEN)
    with migrated(app):
        yield app


def make_site(folder: Path, **settings: Any) -> Flask:
    return make_app(**{"SQLALCHEMY_DATABASE_URI": new_sqlite_url(folder), **settings})


def readyz(client: FlaskClient, **options: Any) -> TestResponse:
    return client.get("/readyz", **options)


def check(response: TestResponse, name: str) -> Any:
    body: Any = response.get_json()
    return body["checks"][name]


def test_healthz_returns_ok(local: FlaskClient) -> None:
    response = local.get("/healthz")

    assert (response.status_code, response.text) == (200, "ok")
    assert response.mimetype == "text/plain"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("has_session", [True, False], ids=["session", "remember-me cookie"])
def test_healthz_executes_no_statement(
    app: Flask, make: Factory, client: SiteClient, has_session: bool
) -> None:
    client.log_in(make.user("ann"), remember_me="y")
    if not has_session:
        client.client.delete_cookie("session")

    with record_statements(app) as statements:
        response = client.client.get("/healthz")

    assert response.status_code == 200
    assert statements == []
    assert response.headers.getlist("Set-Cookie") == []


@pytest.mark.parametrize(
    "outage",
    [
        site_with_unusable_sqlite_file,
        pytest.param(site_with_stopped_postgres, marks=pytest.mark.slow),
    ],
)
def test_without_a_database_the_process_is_alive_and_not_ready(outage: Any) -> None:
    with outage() as client:
        assert client.client.get("/healthz").status_code == 200
        response = readyz(client.client)

    assert response.status_code == 503
    assert response.get_json()["status"] == "not ready"
    assert not check(response, "database")["ok"]
    assert "Check that the database is running" in check(response, "database")["detail"]


def test_ready_site_lists_every_check(local: FlaskClient) -> None:
    response = readyz(local)

    body: Any = response.get_json()
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert body.keys() == {"status", "release", "commit", "checks", "degraded"}
    assert body["status"] == "ready"
    assert body["checks"].keys() == {"database", "migrations"}
    for result in body["checks"].values():
        assert result.keys() == {"ok", "detail"}
        assert result["ok"]


def test_site_is_ready_without_its_mail_server(site: Flask) -> None:
    site.extensions["smtp_circuit"].record_failure()
    response = readyz(site.test_client())

    assert response.status_code == 200
    assert (response.json or {})["degraded"] == ["mail server"]


def test_details_are_hidden_from_remote_clients_without_token(site: Flask) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        response = readyz(site.test_client(), headers=headers, environ_overrides=REMOTE)

        assert response.get_json() == {"status": "ready"}
        assert response.headers["X-Release"] == "42"


def test_details_are_shown_to_remote_clients_with_token(site: Flask) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}

    response = readyz(site.test_client(), headers=headers, environ_overrides=REMOTE)

    body: Any = response.get_json()
    assert (body["release"], body["commit"]) == ("42", "c0ffee")
    assert check(response, "database")["ok"]


def test_site_without_migrations_is_not_ready(bare_app: Flask) -> None:
    local = readyz(bare_app.test_client())
    remote = readyz(bare_app.test_client(), environ_overrides=REMOTE)

    assert local.status_code == remote.status_code == 503
    assert "run `flask deploy`" in check(local, "migrations")["detail"]
    assert remote.get_json() == {"status": "not ready"}


def test_stopping_process_is_alive_and_not_ready(
    local: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views.Process, "is_stopping", False)
    assert readyz(local).status_code == 200

    views.mark_stopping()

    response = readyz(local)
    assert response.status_code == 503
    assert response.get_json()["status"] == "stopping"
    assert local.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_only_get_and_head_are_allowed(local: FlaskClient, path: str) -> None:
    assert local.head(path).status_code == 200
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        assert local.open(path, method=method).status_code == 405, method


@pytest.mark.parametrize("path", PATHS)
def test_last_seen_and_cookies_are_not_updated(
    app: Flask, make: Factory, client: SiteClient, path: str
) -> None:
    ann = make.user("ann")
    client.log_in(ann)
    with app.app_context():
        db.session.execute(text("UPDATE users SET last_seen = :then"), {"then": LONG_AGO})
        db.session.commit()
    before = user_column(app, ann, "last_seen")

    assert client.client.get(path).headers.getlist("Set-Cookie") == []

    assert user_column(app, ann, "last_seen") == before


def test_health_checks_are_answered_over_http_for_any_host(tmp_path: Path) -> None:
    app = make_site(
        tmp_path,
        SITE_URL="https://flasky.example",
        SSL_REDIRECT=True,
        TRUSTED_HOSTS=["flasky.example"],
    )
    with migrated(app):
        for path in PATHS:
            response = app.test_client().get(path, headers={"Host": "10.0.0.7:8000"})

            assert response.status_code == 200, path


def test_rate_limit_storage_is_not_checked(tmp_path: Path) -> None:
    unreachable = f"redis://127.0.0.1:{free_port()}/0"
    app = make_site(tmp_path, REDIS_URL=unreachable, RATELIMIT_STORAGE_URI=unreachable)
    with migrated(app):
        response = readyz(app.test_client())

    assert response.status_code == 200
