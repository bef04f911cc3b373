"""Settings: what the environment says, what is missing, and how it is told."""

import importlib.util
import logging
import os
from collections.abc import Callable
from types import ModuleType

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from tests.databases import EphemeralPostgres
from tests.repository import ROOT

Configure = Callable[..., ModuleType]

GOOD = {
    "SECRET_KEY": "k" * 48,
    "FLASKY_URL": "https://example.com",
    "DATABASE_URL": "postgresql://user@host/site",
}


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Read config.py again, in an environment that holds nothing but what is given."""

    def read(**environment: str) -> ModuleType:
        for name in list(os.environ):
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        spec = importlib.util.spec_from_file_location("config_read_again", ROOT / "config.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return read


def problems(module: ModuleType, name: str = "production") -> list[str]:
    found: list[str] = module.config[name].problems()
    return found


@pytest.mark.parametrize("name", ["development", "testing", "default"])
def test_empty_environment_is_enough_for(configure: Configure, name: str) -> None:
    module = configure()

    module.choose(name).init_app(Flask("site"))
    assert module.config[name].SQLALCHEMY_DATABASE_URI.startswith("sqlite:")


@pytest.mark.parametrize("name", ["production", "heroku", "docker", "unix"])
def test_production_names_everything_that_is_missing_at_once(
    configure: Configure, name: str
) -> None:
    module = configure(MAIL_USERNAME="ann", MAIL_PORT="x")

    with pytest.raises(module.ConfigurationError) as error:
        module.choose(name).init_app(Flask("site"))

    missing = ["SECRET_KEY", "FLASKY_URL", "DATABASE_URL", "MAIL_PASSWORD"]
    lines = str(error.value).splitlines()
    assert "docs/configuration.md" in lines[0]
    assert sorted(line.split()[1] for line in lines[1:]) == sorted([*missing, "MAIL_PORT"])


@pytest.mark.parametrize("name", ["production", "heroku", "docker", "unix"])
def test_production_starts_with_what_it_needs(configure: Configure, name: str) -> None:
    configure(**GOOD).choose(name).init_app(Flask("site"))


UNSAFE = {
    "short key": ({"SECRET_KEY": "k" * 31}, "SECRET_KEY has fewer than 32"),
    "book's key": ({"SECRET_KEY": "hard to guess string"}, "SECRET_KEY is the public default"),
    "our key": (
        {"SECRET_KEY": "development only: set SECRET_KEY in production"},
        "SECRET_KEY is the public default",
    ),
    "short old key": ({"SECRET_KEY_FALLBACKS": f"{'o' * 40} short"}, "SECRET_KEY_FALLBACKS"),
    "blank key": ({"SECRET_KEY": "  "}, "SECRET_KEY is not set"),
    "host alone": ({"FLASKY_URL": "example.com"}, "FLASKY_URL"),
    "no host": ({"FLASKY_URL": "https://"}, "FLASKY_URL"),
    "broken address": ({"FLASKY_URL": "https://[x"}, "FLASKY_URL"),
    "other scheme": ({"FLASKY_URL": "ftp://example.com"}, "FLASKY_URL"),
    "other database": ({"DATABASE_URL": "mysql://host/site"}, "DATABASE_URL cannot be read"),
    "database in memory": (
        {"DATABASE_URL": "sqlite://"},
        "DATABASE_URL names a database in memory",
    ),
    "database port": (
        {"DATABASE_URL": "postgresql://u:p@host:abc/db"},
        "DATABASE_URL cannot be read",
    ),
    "address with a query": ({"FLASKY_URL": "https://example.com/?x"}, "FLASKY_URL"),
    "admin is nobody": ({"FLASKY_ADMIN": "boss", "MAIL_SERVER": "mail"}, "FLASKY_ADMIN is 'boss'"),
    "sender is nobody": ({"FLASKY_MAIL_SENDER": "Fl<asky"}, "FLASKY_MAIL_SENDER is"),
    "long prefix": ({"FLASKY_MAIL_SUBJECT_PREFIX": "x" * 101}, "FLASKY_MAIL_SUBJECT_PREFIX"),
    "port": ({"MAIL_PORT": "99999"}, "MAIL_PORT is '99999'"),
    "days": ({"REMEMBER_COOKIE_DAYS": "999999999"}, "REMEMBER_COOKIE_DAYS"),
    "origin with a path": ({"API_ORIGINS": "https://a.example/x"}, "API_ORIGINS holds"),
    "every origin": ({"API_ORIGINS": "*"}, "API_ORIGINS holds"),
    "limit in words": ({"RATELIMIT_LOGIN": "ten a minute"}, "RATELIMIT_LOGIN is"),
    "second limit": ({"RATELIMIT_LETTER": "5 per hour; many"}, "RATELIMIT_LETTER is"),
    "queue of another kind": ({"QUEUE_URL": "amqp://host"}, "QUEUE_URL cannot be read"),
    "queue in no folder": ({"QUEUE_URL": "sqlite:///queue.sqlite"}, "QUEUE_URL names no absolute"),
    "rounds": ({"PASSWORD_HASH_METHOD": "scrypt:1000:8:1"}, "PASSWORD_HASH_METHOD is"),
    "few rounds": ({"PASSWORD_HASH_METHOD": "scrypt:2:1:1"}, "PASSWORD_HASH_METHOD is"),
    "no blocks": ({"PASSWORD_HASH_METHOD": "scrypt:1024:0:1"}, "PASSWORD_HASH_METHOD is"),
    "much memory": ({"PASSWORD_HASH_METHOD": "scrypt:16777216:8:1"}, "PASSWORD_HASH_METHOD is"),
    "half a login": ({"MAIL_USERNAME": "ann"}, "MAIL_PASSWORD"),
    "two encryptions": ({"MAIL_USE_TLS": "1", "MAIL_USE_SSL": "1"}, "MAIL_USE_TLS and"),
    "weak hash": ({"PASSWORD_HASH_METHOD": "md5"}, "PASSWORD_HASH_METHOD"),
}


@pytest.mark.parametrize(("changed", "told"), UNSAFE.values(), ids=UNSAFE)
def test_production_refuses(configure: Configure, changed: dict[str, str], told: str) -> None:
    found = problems(configure(**(GOOD | changed)))

    assert len(found) == 1, found
    assert found[0].startswith(told)


NUMBERS = [
    "FLASKY_POSTS_PER_PAGE",
    "FLASKY_FOLLOWERS_PER_PAGE",
    "FLASKY_COMMENTS_PER_PAGE",
    "FLASKY_LINK_HOURS",
    "FLASKY_DEPLOY_WAIT",
    "MAIL_PORT",
    "MAIL_TIMEOUT",
    "REMEMBER_COOKIE_DAYS",
]
FLAGS = ["FLASKY_GRAVATAR", "FLASKY_DEMO", "MAIL_USE_TLS", "MAIL_USE_SSL"]


@pytest.mark.parametrize("value", ["x", "-1", "0", "1.5", "1e3", "9" * 10, "1 000"])
@pytest.mark.parametrize("name", NUMBERS)
def test_malformed_number_is_told_once(configure: Configure, name: str, value: str) -> None:
    [problem] = problems(configure(**{name: value}), "development")

    assert problem.startswith(f"{name} is {value!r}: write a whole number")


@pytest.mark.parametrize("name", FLAGS)
def test_malformed_switch_is_told_once(configure: Configure, name: str) -> None:
    [problem] = problems(configure(**{name: "maybe"}), "development")

    assert problem == f"{name} is 'maybe': write true or false."


@pytest.mark.parametrize("name", ["FLASKY_POSTS_PER_PAGE", "MAIL_PORT"])
def test_number_is_read(configure: Configure, name: str) -> None:
    assert getattr(configure(**{name: " 7 "}).Config, name) == 7


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        *((word, True) for word in ("1", "true", "Yes", "ON")),
        *((word, False) for word in ("0", "False", "no", "off", "", " ")),
    ],
    ids=repr,
)
def test_switch_is_read(configure: Configure, value: str, meant: bool) -> None:
    assert configure(FLASKY_GRAVATAR=value).Config.FLASKY_GRAVATAR is meant


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_spelling_of_postgresql_connects(
    configure: Configure, postgres: EphemeralPostgres, scheme: str
) -> None:
    url = scheme + postgres.url("postgres").removeprefix("postgresql+psycopg2")

    configured = configure(DATABASE_URL=url).ProductionConfig.SQLALCHEMY_DATABASE_URI

    engine = create_engine(configured)
    with engine.connect() as connection:
        assert str(connection.scalar(text("SELECT version()"))).startswith("PostgreSQL")
    engine.dispose()


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        ("DEV_DATABASE_URL", "development"),
        ("TEST_DATABASE_URL", "testing"),
        ("DATABASE_URL", "production"),
    ],
)
def test_each_configuration_has_a_database_of_its_own(
    configure: Configure, variable: str, name: str
) -> None:
    module = configure(**{variable: "postgres://host/site"})
    url = "postgresql+psycopg2://host/site"

    users = {key for key, cls in module.config.items() if url == cls.SQLALCHEMY_DATABASE_URI}

    assert name in users
    assert not users & ({"development", "testing", "production"} - {name})


CHOICES = {
    "nothing": ({}, "DevelopmentConfig"),
    "on Heroku": ({"DYNO": "web.1"}, "HerokuConfig"),
    "asked for": ({"FLASK_CONFIG": "docker"}, "DockerConfig"),
    "asked for on Heroku": ({"FLASK_CONFIG": "unix", "DYNO": "web.1"}, "UnixConfig"),
    "empty": ({"FLASK_CONFIG": ""}, "DevelopmentConfig"),
}


@pytest.mark.parametrize(("environment", "chosen"), CHOICES.values(), ids=CHOICES)
def test_environment_chooses(
    configure: Configure, environment: dict[str, str], chosen: str
) -> None:
    assert configure(**environment).choose().__name__ == chosen


def test_name_that_is_given_beats_the_environment(configure: Configure) -> None:
    assert configure(FLASK_CONFIG="docker").choose("testing").__name__ == "TestingConfig"


def test_unknown_configuration_is_named_with_the_known_ones(configure: Configure) -> None:
    module = configure(FLASK_CONFIG="prod")

    with pytest.raises(module.ConfigurationError, match=r"'prod': choose one of .*production"):
        module.choose()


@pytest.mark.parametrize(
    ("server", "warned"), [("gunicorn/27.0", True), ("", False)], ids=["gunicorn", "flask run"]
)
def test_development_under_gunicorn_says_so(
    configure: Configure, caplog: pytest.LogCaptureFixture, server: str, warned: bool
) -> None:
    module = configure(SERVER_SOFTWARE=server)

    with caplog.at_level(logging.WARNING):
        module.DevelopmentConfig.init_app(Flask("site"))

    assert ("DEVELOPMENT CONFIGURATION" in caplog.text) is warned


@pytest.mark.parametrize(("url", "secure"), [("https://a.example", True), ("http://a", False)])
def test_cookies_keep_to_https_where_the_site_does(
    configure: Configure, url: str, secure: bool
) -> None:
    production = configure(FLASKY_URL=url).ProductionConfig

    assert production.SESSION_COOKIE_SECURE is production.REMEMBER_COOKIE_SECURE is secure


def test_old_keys_are_separated_by_white_space(configure: Configure) -> None:
    assert configure(SECRET_KEY_FALLBACKS=" a  b\n").Config.SECRET_KEY_FALLBACKS == ["a", "b"]
    assert configure().Config.SECRET_KEY_FALLBACKS == []


@pytest.mark.parametrize("url", ["mysql://x/y", "foo", "postgresql://u:p@ss@127.0.0.1:bad/x"])
def test_database_url_that_cannot_be_read_is_named_in_development_too(
    configure: Configure, url: str
) -> None:
    [problem] = problems(configure(DEV_DATABASE_URL=url), "development")
    assert problem.strip(" *").startswith("DEV_DATABASE_URL cannot be read: write postgresql://")
