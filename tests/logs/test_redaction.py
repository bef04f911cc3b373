"""Redaction of secrets in logs and emails."""

import time

import pytest
from flask import Flask

from app.logs.redaction import HIDDEN, is_secret, redact, secrets_in
from app.security.tokens import sign

TOKEN = sign("reset", {"user": 1, "stamp": "s" * 32}, 60, ["k" * 32])
LONG_TOKEN = sign("change", {"address": "a" * 300}, 60, ["k" * 32])  # is compressed

SECRETS = {
    "token in a path": ("GET /auth/reset/abc.def 200", "abc.def"),
    "token in a longer path": ("GET /auth/confirm/abc/def 404", "abc"),
    "token to restore an email address": ("GET /auth/restore-email/abc", "abc"),
    "token to change an email address": ("GET /auth/change-email/abc", "abc"),
    "signed token": (f"Referer {TOKEN}!", TOKEN),
    "compressed signed token": (f"next={LONG_TOKEN}", LONG_TOKEN),
    "API token": (f"sent flasky_{'aB-_9' * 9}, said", "aB-_9"),
    "remember-me cookie": (f"3.stamp|{'0f' * 64}", "0f0f"),
    "form": ("email=ann&password=hunter2&next=/", "hunter2"),
    "second password": ("password2=hunter2", "hunter2"),
    "CSRF token": ("csrf_token=abc", "abc"),
    "environment": ("MAIL_PASSWORD=hunter2 PATH=/bin", "hunter2"),
    "setting": ("SECRET_KEY = 'hunter 2'", "hunter 2"),
    "dictionary": ("{'password': 'hunter 2', 'name': 'ann'}", "hunter 2"),
    "escaped quote": (r"{'password': 'hun\'ter2', 'name': 'ann'}", "ter2"),
    "bytes": ("{'password': b'hunter2'}", "hunter2"),
    "list": ("{'password': ['hunter2']}", "hunter2"),
    "JSON": ('{"api_key": "hunter2"}', "hunter2"),
    "unclosed quote": ("password='hunter 2", "hunter 2"),
    "bearer token": ("sent Bearer hunter2", "hunter2"),
    "Authorization header": ("Authorization: Basic hunter2==", "hunter2"),
    "Authorization in WSGI": ("'HTTP_AUTHORIZATION': 'Basic hunter2'", "hunter2"),
    "header tuple": ('("Authorization", "Basic hunter2")', "hunter2"),
    "Cookie header": ("Cookie: lang=en; session=hunter2; a=b", "hunter2"),
    "Set-Cookie header": ("Set-Cookie: session=hunter2; Path=/", "hunter2"),
    "cookie in WSGI": ("{'HTTP_COOKIE': 'a=b; session=hunter2'}", "hunter2"),
    "database URL": ("postgresql+psycopg2://ann:hunter2@host/site", "hunter2"),
    "database URL with @ in the password": ("postgresql://ann:hun@ter2@host/site", "ter2"),
    "Redis URL": ("redis://:hunter2@localhost:6379/0", "hunter2"),
    "row in a PostgreSQL error": ("no!\nDETAIL:  Failing row contains (1, hunter2).", "hunter2"),
    "row of several lines": ("no!\nDETAIL:  Failing row contains (1, a\nhunter2).\n", "hunter2"),
    "key in a PostgreSQL error": ("no!\nDETAIL:  Key (email)=(ann@a.example) exists.", "ann@"),
    "statement in an error": ("no!\nLINE 1: SELECT 'hunter2'\n       ^", "hunter2"),
    "password hash": ("(1, scrypt:256:8:1$3jT2u2bL$b4222abb9c, f)", "b4222abb9c"),
}


@pytest.mark.parametrize(("text", "secret"), SECRETS.values(), ids=SECRETS)
def test_secret_is_recognized_by_its_pattern(text: str, secret: str) -> None:
    redacted = redact(text)

    assert secret not in redacted
    assert HIDDEN in redacted


def test_other_text_is_unchanged() -> None:
    for text in (
        "GET /auth/reset 200",
        "The token has expired.",
        "SECRET_KEY is not set: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'",
        "http://127.0.0.1:5000/user/ann?page=2",
        "the password was changed",
        "if password == repeated:",
        "sqlalchemy.exc.OperationalError in app.models.user",
        "Every user gets a cookie",
    ):
        assert redact(text) == text


def test_text_around_a_secret_is_kept() -> None:
    text = "Cookie: session=a; b=c\nHost: example.com\npassword=x&email=ann"

    assert redact(text) == f"Cookie: {HIDDEN}\nHost: example.com\npassword={HIDDEN}&email=ann"


SETTINGS: dict[str, object] = {
    "SECRET_KEY": "the-current-key",
    "SECRET_KEY_FALLBACKS": ["the-previous-key"],
    "MAIL_PASSWORD": "mail'n\\word",
    "METRICS_TOKEN": "monitor-token",
    "SQLALCHEMY_DATABASE_URI": "postgresql+psycopg2://ann:data%40base@host/site",
    "REDIS_URL": "redis://:redis-word@host:6379/0",
    "FLASKY_ADMIN": "boss@example.com",
}


@pytest.mark.parametrize(
    "secret",
    [
        "the-current-key",
        "the-previous-key",
        "mail'n\\word",
        repr("mail'n\\word"),
        "monitor-token",
        "data%40base",
        "data@base",
        "redis-word",
    ],
)
def test_secret_settings_are_redacted_in_every_encoding(secret: str) -> None:
    redacted = redact(f"The value {secret} is wrong", secrets_in(SETTINGS))

    assert secret.strip("'\"") not in redacted


def test_other_settings_are_not_redacted() -> None:
    assert redact("boss@example.com", secrets_in(SETTINGS)) == "boss@example.com"


def test_longer_secrets_are_replaced_first() -> None:
    assert redact("abcdefgh", ["cdef", "abcdefgh"]) == HIDDEN


def test_missing_and_short_settings_are_not_redacted() -> None:
    for settings in ({}, {"SECRET_KEY": None}, {"MAIL_PASSWORD": "abc"}):
        assert secrets_in(settings) == []
    assert secrets_in({"MAIL_PASSWORD": "abcd"}) == ["abcd"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("password", True), ("HTTP_COOKIE", True), ("csrf_token", True), ("path", False)],
)
def test_secret_names(name: str, expected: bool) -> None:
    assert is_secret(name) is expected


def test_token_is_redacted_in_every_url_that_has_one(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if "token" in rule.arguments]

    assert rules
    for rule in rules:
        path = rule.rule.replace("<token>", "the-token")
        assert "the-token" not in redact(f"GET {path} 200"), rule


PIECES = [
    *("a", "://", "://a:", "password", "password=", "cookie'", "token'   ", "cookie: ["),
    *("eyJaaaaaaaaaa.", "Ij-", "|0", "/auth/reset/", "'", '"', "\\", "token='\\", "Bearer "),
]


@pytest.mark.parametrize("piece", PIECES)
def test_redaction_time_is_linear(piece: str) -> None:
    def cpu_time(length: int) -> float:
        text = piece * (length // len(piece))
        started = time.process_time()
        redact(text)
        return time.process_time() - started

    # A quadratic pattern would take 400 times as long; 20 is expected.
    assert cpu_time(200_000) < 100 * max(cpu_time(10_000), 0.0005)
