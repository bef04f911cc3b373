"""What a configuration refuses or warns of: one sentence for each thing."""

import logging
import runpy
from typing import Any

import pytest
from flask import Flask

from settings.environment import reading

from .repository import ROOT

GOOD = {
    "SECRET_KEY": "k" * 48,
    "FLASKY_URL": "https://example.com",
    "DATABASE_URL": "postgresql://user@host/site",
}


def chosen(name: str, variables: dict[str, str]) -> Any:
    """Return the class called `name` as config.py makes it in an environment of `variables`."""
    with reading(variables):
        return runpy.run_path(str(ROOT / "config.py"))["config"][name]


REFUSED = {
    "key that is not ASCII": ({"SECRET_KEY": "ключ" * 10}, "SECRET_KEY holds characters"),
    "older key that is not ASCII": (
        {"SECRET_KEY_FALLBACKS": "ключ" * 10},
        "SECRET_KEY_FALLBACKS holds a key that is not ASCII",
    ),
    "debugger": ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG is on"),
    "site below a path": ({"FLASKY_URL": "https://example.com/blog"}, "FLASKY_URL must be"),
    "site with a password": ({"FLASKY_URL": "https://a:b@example.com"}, "FLASKY_URL must be"),
    "token with a space": ({"FLASKY_MONITOR_TOKEN": "open " * 4}, "FLASKY_MONITOR_TOKEN cannot"),
    "token that reads as names": ({"FLASKY_MONITOR_TOKEN": "a=b" * 6}, "FLASKY_MONITOR_TOKEN can"),
    "token that is not ASCII": ({"FLASKY_MONITOR_TOKEN": "ö" * 16}, "FLASKY_MONITOR_TOKEN cannot"),
    "level": ({"FLASKY_LOG_LEVEL": "loud"}, "FLASKY_LOG_LEVEL is 'loud': choose one of DEBUG"),
    "format": ({"FLASKY_LOG_FORMAT": "xml"}, "FLASKY_LOG_FORMAT is 'xml': choose one of text"),
    "seconds": ({"FLASKY_SLOW_REQUEST_TIME": "-1"}, "FLASKY_SLOW_REQUEST_TIME is '-1': write"),
    "short token": ({"FLASKY_MONITOR_TOKEN": "t" * 15}, "FLASKY_MONITOR_TOKEN has fewer than 16"),
    "too many proxies": ({"FLASKY_PROXIES": "11"}, "FLASKY_PROXIES is '11': write a whole"),
    "host with a scheme": ({"TRUSTED_HOSTS": "https://example.com"}, "TRUSTED_HOSTS holds 'http"),
    "any host": ({"TRUSTED_HOSTS": "example.com *"}, "TRUSTED_HOSTS holds '*'"),
    "hosts with commas": ({"TRUSTED_HOSTS": "example.com,a.example"}, "TRUSTED_HOSTS holds"),
    "host in IPv6": ({"TRUSTED_HOSTS": "[::1]"}, "TRUSTED_HOSTS holds '[::1]'"),
    "site in IPv6": ({"FLASKY_URL": "https://[::1]"}, "TRUSTED_HOSTS holds '::1'"),
    "long host": ({"TRUSTED_HOSTS": "a" * 64}, "TRUSTED_HOSTS holds 'aaa"),
    "other host": (
        {"TRUSTED_HOSTS": "www.example.com"},
        "TRUSTED_HOSTS does not hold example.com",
    ),
    "no way to https": (
        {"SSL_REDIRECT": "1", "FLASKY_URL": "http://example.com"},
        "SSL_REDIRECT is on, and FLASKY_URL does not begin with https",
    ),
    "release that is no header": ({"FLASKY_RELEASE": "4\n2"}, "FLASKY_RELEASE is '4\\n2'"),
    "no connection": ({"DATABASE_POOL_SIZE": "0"}, "DATABASE_POOL_SIZE is '0': write a whole"),
    "pool in parts": ({"DATABASE_POOL_TIMEOUT": "0.5"}, "DATABASE_POOL_TIMEOUT is '0.5'"),
    "database without slashes": ({"DATABASE_URL": "sqlite:site"}, "DATABASE_URL cannot be read"),
    "other Redis": ({"REDIS_URL": "http://host"}, "REDIS_URL cannot be read"),
    "Redis without a scheme": ({"REDIS_URL": "localhost:6379"}, "REDIS_URL cannot be read"),
    "port of Redis": ({"REDIS_URL": "redis://host:x/0"}, "REDIS_URL cannot be read"),
    "other queue": ({"QUEUE_URL": "amqp://host"}, "QUEUE_URL cannot be read"),
}


@pytest.mark.parametrize(("changed", "told"), REFUSED.values(), ids=REFUSED)
def test_production_refuses(changed: dict[str, str], told: str) -> None:
    found = chosen("production", GOOD | changed).problems()

    assert len(found) == 1, found
    assert found[0].startswith(told)


@pytest.mark.parametrize(
    "changed",
    [
        {"REDIS_URL": "redis://:secret@host:6379/0"},
        {"REDIS_URL": "rediss://host"},
        {"REDIS_URL": "unix:///run/redis.sock"},
        {"QUEUE_URL": "sqlite:////srv/queue.sqlite"},
        {"TRUSTED_HOSTS": "a.example EXAMPLE.com:8443"},
        {"TRUSTED_HOSTS": ".example.com"},
        {"TRUSTED_HOSTS": ".com b\u00fccher.example"},
        {"SSL_REDIRECT": "1", "FLASKY_RELEASE": "v42-c0ffee"},
        {"DATABASE_POOL_OVERFLOW": "0", "DATABASE_POOL_TIMEOUT": "0"},
        {"DATABASE_STATEMENT_TIMEOUT": "0", "DATABASE_LOCK_TIMEOUT": "0.5"},
        {"FLASKY_ADMIN": "ann@example.com"},
        {"FLASKY_MONITOR_TOKEN": "aB3-._~+/aB3-._~+/=="},
        {"FLASK_DEBUG": "0"},
    ],
    ids=str,
)
def test_production_takes(changed: dict[str, str]) -> None:
    assert chosen("production", GOOD | changed).problems() == []


@pytest.mark.parametrize("port", ["65536", "99999"])
def test_syslog_has_a_port_that_exists(port: str) -> None:
    """The system would send the log to another one, and nobody would miss it there."""
    found = chosen("unix", GOOD | {"FLASKY_SYSLOG": f"host:{port}"}).problems()

    assert found == [f"FLASKY_SYSLOG is 'host:{port}': write /dev/log or host:514."]


def test_site_whose_scheme_is_in_capitals_keeps_its_cookies_safe() -> None:
    settings = chosen("production", GOOD | {"FLASKY_URL": "HTTPS://example.com"})

    assert settings.problems() == []
    assert settings.SESSION_COOKIE_SECURE
    assert settings.SESSION_COOKIE_NAME.startswith("__Host-")


def test_production_debugs_nothing_even_if_flask_would() -> None:
    """Flask takes any word but 0, false and no for a yes."""
    settings = chosen("production", GOOD | {"FLASK_DEBUG": "off"})

    assert settings.problems() == []
    assert settings.DEBUG is False


QUEUES = {
    "nothing": ({}, (None, None, "memory://")),
    "Redis": (
        {"REDIS_URL": "redis://host"},
        ("redis://host", "redis://host", "shared+redis://host"),
    ),
    "a file for the queue": ({"QUEUE_URL": "sqlite:////q"}, (None, "sqlite:////q", "memory://")),
    "both": (
        {"QUEUE_URL": "sqlite:////q", "REDIS_URL": "redis://host"},
        ("redis://host", "sqlite:////q", "shared+redis://host"),
    ),
}


@pytest.mark.parametrize(("changed", "expected"), QUEUES.values(), ids=QUEUES)
def test_redis_serves_what_is_not_set_otherwise(
    changed: dict[str, str], expected: tuple[str | None, ...]
) -> None:
    made = chosen("production", GOOD | changed)

    found = (made.REDIS_URL, made.QUEUE_URL, made.RATELIMIT_STORAGE_URI)
    assert found == expected


HEROKU: dict[str, tuple[dict[str, str], str, Any]] = {
    "proxy": ({}, "FLASKY_PROXIES", 1),
    "no proxy": ({"FLASKY_PROXIES": "0"}, "FLASKY_PROXIES", 0),
    "https on a dyno": ({"DYNO": "web.1"}, "SSL_REDIRECT", True),
    "https elsewhere": ({}, "SSL_REDIRECT", False),
    "release": ({"HEROKU_RELEASE_VERSION": "v7"}, "FLASKY_RELEASE", "v7"),
    "release of ours": (
        {"HEROKU_RELEASE_VERSION": "v7", "FLASKY_RELEASE": "42"},
        "FLASKY_RELEASE",
        "42",
    ),
    "commit": ({"HEROKU_BUILD_COMMIT": "a1b2"}, "FLASKY_COMMIT", "a1b2"),
}


@pytest.mark.parametrize(("changed", "name", "value"), HEROKU.values(), ids=HEROKU)
def test_heroku_tells_what_need_not_be_set(
    changed: dict[str, str], name: str, value: object
) -> None:
    assert getattr(chosen("heroku", GOOD | changed), name) == value


FULL = {"MAIL_SERVER": "mail", "FLASKY_ADMIN": "ann@example.com", "REDIS_URL": "redis://host"}
WARNINGS = {
    "all is set": ({}, "gunicorn/27", None),
    "nobody to mail to": ({"FLASKY_ADMIN": ""}, "", "FLASKY_ADMIN is not set"),
    "no mail server": ({"MAIL_SERVER": ""}, "", "MAIL_SERVER is not set"),
    "no mail at all": ({"MAIL_SERVER": "", "FLASKY_ADMIN": ""}, "", "MAIL_SERVER is not set"),
    "many processes": ({"REDIS_URL": ""}, "gunicorn/27", "REDIS_URL is not set"),
    "a command": ({"REDIS_URL": ""}, "", None),
}


@pytest.mark.parametrize(("changed", "server", "told"), WARNINGS.values(), ids=WARNINGS)
def test_production_warns_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    changed: dict[str, str],
    server: str,
    told: str | None,
) -> None:
    monkeypatch.setenv("SERVER_SOFTWARE", server)

    chosen("production", GOOD | FULL | changed).init_app(Flask("site"))

    warnings = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert len(warnings) == (1 if told else 0), warnings
    assert all(line.startswith(str(told)) for line in warnings)
