"""The configuration classes, and how one is chosen."""

import logging
import os
import runpy
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from tests.envconfig.test_rules_for_settings import VALID
from tests.support.app_factory import settings_from
from tests.support.databases import EphemeralPostgres
from tests.support.repository import ROOT

PRODUCTION = [
    "production",
    "heroku",
    "docker",
    "unix",
]


def get_config(name: str | None = None, **environment: str) -> Any:
    """Return what get_config() of config.py returns in this environment."""
    config = read_config(**environment)
    with patch.dict(os.environ, environment, clear=True):
        return config.get_config(name)


def read_config(**environment: str) -> SimpleNamespace:
    """Return the names of config.py, evaluated in this environment."""
    with patch.dict(os.environ, environment, clear=True):
        return SimpleNamespace(**runpy.run_path(str(ROOT / "config.py")))


@pytest.mark.parametrize("name", ["development", "testing", "default"])
def test_empty_environment_is_valid_for(name: str) -> None:
    settings = settings_from(name)

    settings.init_app(Flask("site"))

    assert settings.SQLALCHEMY_DATABASE_URI.startswith("sqlite:")


@pytest.mark.parametrize("name", PRODUCTION)
def test_production_lists_all_errors_at_once(name: str) -> None:
    config = read_config(MAIL_USERNAME="ann", MAIL_PORT="x")

    with pytest.raises(config.ConfigurationError) as error:
        config.config[name].init_app(Flask("site"))

    first, *errors = str(error.value).splitlines()
    assert first == (
        f"Invalid configuration: {config.config[name].__name__} has errors "
        "(see docs/configuration.md):"
    )
    assert sorted(line.split()[1] for line in errors) == sorted(
        ["DATABASE_URL", "MAIL_PORT", "MAIL_USERNAME", "SECRET_KEY", "SITE_URL"]
    )


@pytest.mark.parametrize("name", PRODUCTION)
def test_production_starts_with_the_required_settings(name: str) -> None:
    settings_from(name, **VALID).init_app(Flask("site"))


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_all_schemes_of_postgresql_connect(postgres: EphemeralPostgres, scheme: str) -> None:
    url = scheme + postgres.url("postgres").removeprefix("postgresql+psycopg2")

    settings = settings_from("production", DATABASE_URL=url)

    engine = create_engine(settings.SQLALCHEMY_DATABASE_URI)
    with engine.connect() as connection:
        assert str(connection.scalar(text("SELECT version()"))).startswith("PostgreSQL")
    engine.dispose()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://postgres@{quoted}/postgres",
        "postgres://postgres:@{quoted}:5432/postgres?sslmode=disable",
        "postgresql://postgres@/postgres?host={folder}",
        "postgresql://postgres@/postgres?host=localhost:1&host={folder}:5432",
    ],
)
def test_unix_sockets_and_several_hosts_connect(postgres: EphemeralPostgres, url: str) -> None:
    folder = f"{postgres.folder}/data"
    url = url.format(folder=folder, quoted=quote(folder, safe=""))

    settings = settings_from("production", **VALID | {"DATABASE_URL": url})

    settings.validate()
    engine = create_engine(settings.SQLALCHEMY_DATABASE_URI)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()


@pytest.mark.parametrize(
    ("variable", "names"),
    [
        ("DEV_DATABASE_URL", {"development", "default"}),
        ("TEST_DATABASE_URL", {"testing"}),
        ("DATABASE_URL", set(PRODUCTION)),
    ],
)
def test_each_configuration_has_its_own_database(variable: str, names: set[str]) -> None:
    config = read_config(**{variable: "postgres://host/site"})
    url = "postgresql+psycopg2://host/site"

    assert {
        name for name, cls in config.config.items() if url == cls.SQLALCHEMY_DATABASE_URI
    } == names


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({}, "DevelopmentConfig"),
        ({"DYNO": "web.1"}, "HerokuConfig"),
        ({"FLASK_CONFIG": "docker"}, "DockerConfig"),
        ({"FLASK_CONFIG": "unix", "DYNO": "web.1"}, "UnixConfig"),
        ({"FLASK_CONFIG": ""}, "DevelopmentConfig"),
    ],
)
def test_environment_chooses_the_configuration(environment: dict[str, str], name: str) -> None:
    assert get_config(**environment).__name__ == name


def test_argument_overrides_the_environment() -> None:
    assert get_config("testing", FLASK_CONFIG="docker").__name__ == "TestingConfig"


def test_unknown_configuration_is_an_error_with_the_choices() -> None:
    config = read_config()

    with pytest.raises(
        config.ConfigurationError,
        match=r"^Invalid configuration: FLASK_CONFIG is 'prod': choose one of .*production",
    ):
        config.get_config("prod")


@pytest.mark.parametrize("server", ["gunicorn/27.0", ""])
def test_gunicorn_with_the_development_configuration_is_warned_about(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, server: str
) -> None:
    monkeypatch.setenv("SERVER_SOFTWARE", server)

    settings_from("development").init_app(Flask("site"))

    assert ("DEVELOPMENT CONFIGURATION" in caplog.text) is bool(server)


COMPLETE = {
    "MAIL_SERVER": "mail",
    "FLASKY_ADMIN": "ann@example.com",
    "FLASKY_MAIL_SENDER": "site@example.com",
    "REDIS_URL": "redis://host",
}
WARNINGS = {
    "complete": ({}, "gunicorn/27", None),
    "no admin": ({"FLASKY_ADMIN": ""}, "", "FLASKY_ADMIN is not set"),
    "no mail server": ({"MAIL_SERVER": ""}, "", "MAIL_SERVER is not set"),
    "no email": ({"MAIL_SERVER": "", "FLASKY_ADMIN": ""}, "", "MAIL_SERVER is not set"),
    "no sender": ({"FLASKY_MAIL_SENDER": ""}, "gunicorn/27", "Servers can reject email"),
    "no sender, command": ({"FLASKY_MAIL_SENDER": ""}, "", None),
    "no Redis": ({"REDIS_URL": ""}, "gunicorn/27", "REDIS_URL is not set"),
    "no Redis, command": ({"REDIS_URL": ""}, "", None),
}


@pytest.mark.parametrize(("changes", "server", "start"), WARNINGS.values(), ids=WARNINGS)
def test_production_warns_about_missing_settings(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, str],
    server: str,
    start: str | None,
) -> None:
    monkeypatch.setenv("SERVER_SOFTWARE", server)

    settings_from("production", **(VALID | COMPLETE | changes)).init_app(Flask("site"))

    records = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(records) == (1 if start else 0)
    assert all(record.getMessage().startswith(str(start)) for record in records)


@pytest.mark.parametrize(
    ("changes", "is_warned"),
    [
        ({"DYNO": "web.1", "DATABASE_URL": "sqlite:////data/x"}, True),
        ({"DYNO": "web.1"}, False),
        ({"DATABASE_URL": "sqlite:////data/x"}, False),
    ],
)
def test_heroku_warns_about_sqlite(
    changes: dict[str, str],
    is_warned: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("SERVER_SOFTWARE", "gunicorn/27")
    variables = VALID | COMPLETE | {"DATABASE_URL": "postgresql://host/site"} | changes

    settings_from("heroku", **variables).init_app(Flask("site"))

    assert ("DATABASE_URL is a SQLite file" in caplog.text) is is_warned


@pytest.mark.parametrize(
    ("url", "secure"),
    [("https://a.example", True), ("HTTPS://a.example", True), ("http://a.example", False)],
)
def test_cookies_are_secure_if_the_site_uses_https(url: str, secure: bool) -> None:
    settings = settings_from("production", SITE_URL=url)

    assert settings.SESSION_COOKIE_SECURE is settings.REMEMBER_COOKIE_SECURE is secure
    for name in (settings.SESSION_COOKIE_NAME, settings.REMEMBER_COOKIE_NAME):
        assert name.startswith("__Host-") is secure


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ("", ["example.com"]),
        ("example.com", ["example.com"]),
        ("www.example.com", ["www.example.com", "example.com"]),
        (".example.com:8443", [".example.com:8443", "example.com"]),
    ],
)
def test_host_of_the_site_is_trusted(hosts: str, expected: list[str]) -> None:
    settings = settings_from(
        "production", SITE_URL="https://EXAMPLE.com:8443", TRUSTED_HOSTS=hosts
    )

    assert expected == settings.TRUSTED_HOSTS


def test_production_has_no_debugger_whatever_flask_reads() -> None:
    """Flask takes every FLASK_DEBUG but 0, false and no for true."""
    settings = settings_from("production", **VALID, FLASK_DEBUG="off")

    assert settings.validation_errors() == []
    assert settings.DEBUG is False


def test_console_email_is_used_in_development_without_a_mail_server() -> None:
    assert settings_from("development").MAIL_CONSOLE
    assert not settings_from("development", MAIL_SERVER="mail").MAIL_CONSOLE
    assert not settings_from("production", **VALID).MAIL_CONSOLE


def test_cookie_lifetime_is_in_days() -> None:
    duration = settings_from("development", REMEMBER_COOKIE_DAYS="7").REMEMBER_COOKIE_DURATION

    assert duration == timedelta(days=7)


@pytest.mark.parametrize(
    ("changes", "storage"),
    [({}, "memory://"), ({"REDIS_URL": "redis://host"}, "shared+redis://host")],
)
def test_rate_limits_use_redis_if_there_is_one(changes: dict[str, str], storage: str) -> None:
    settings = settings_from("production", **(VALID | changes))

    assert storage == settings.RATELIMIT_STORAGE_URI


DYNO_WITH_REDIS = {"DYNO": "web.1", "REDIS_URL": "rediss://h"}
HEROKU: list[tuple[dict[str, str], str, object]] = [
    ({}, "TRUSTED_PROXY_COUNT", 1),
    ({"TRUSTED_PROXY_COUNT": "0"}, "TRUSTED_PROXY_COUNT", 0),
    ({"DYNO": "web.1"}, "SSL_REDIRECT", True),
    ({"DYNO": "web.1", "SSL_REDIRECT": "0"}, "SSL_REDIRECT", False),
    ({}, "SSL_REDIRECT", False),
    ({"HEROKU_RELEASE_VERSION": "v7"}, "RELEASE", "v7"),
    ({"HEROKU_RELEASE_VERSION": "v7", "RELEASE": "42"}, "RELEASE", "42"),
    ({"HEROKU_BUILD_COMMIT": "a1b2"}, "COMMIT", "a1b2"),
    ({"HEROKU_BUILD_COMMIT": "a1b2", "COMMIT": "c3"}, "COMMIT", "c3"),
    ({"REDIS_URL": "rediss://h"}, "RATELIMIT_STORAGE_URI", "shared+rediss://h"),
    ({"DYNO": "web.1"}, "RATELIMIT_STORAGE_URI", "memory://"),
    (DYNO_WITH_REDIS, "REDIS_URL", "rediss://h?ssl_cert_reqs=none"),
    (DYNO_WITH_REDIS, "RATELIMIT_STORAGE_URI", "shared+rediss://h?ssl_cert_reqs=none"),
]


@pytest.mark.parametrize(("changes", "name", "value"), HEROKU)
def test_heroku_has_its_own_defaults(changes: dict[str, str], name: str, value: object) -> None:
    assert getattr(settings_from("heroku", **(VALID | changes)), name) == value
