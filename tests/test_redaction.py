"""What must not be read in a log, in a mail, or anywhere else that text is sent to."""

import time

import pytest
from flask import Flask

from app.redaction import HIDDEN, is_secret, redact, secrets_of
from app.tokens import sign

TOKEN = sign("reset", {"user": 1, "stamp": "s" * 32}, 60, ["k" * 32])
LONG_TOKEN = sign("change", {"address": "a" * 300}, 60, ["k" * 32])  # is compressed

SECRET = {
    "path with a token": ("GET /auth/reset/abc.def 200", "abc.def"),
    "path that goes on": ("GET /auth/confirm/abc/def 404", "abc"),
    "change of address": ("GET /auth/change-email/abc", "abc"),
    "token anywhere": (f"Referer {TOKEN}!", TOKEN),
    "long token anywhere": (f"next={LONG_TOKEN}", LONG_TOKEN),
    "token of a program": (f"sent flasky_{'aB-_9' * 9}, said", "aB-_9"),
    "remember me": (f"3.stamp|{'0f' * 64}", "0f0f"),
    "form": ("email=ann&password=hunter2&next=/", "hunter2"),
    "second password": ("password2=hunter2", "hunter2"),
    "csrf token": ("csrf_token=abc", "abc"),
    "environment": ("MAIL_PASSWORD=hunter2 PATH=/bin", "hunter2"),
    "key": ("SECRET_KEY = 'hunter 2'", "hunter 2"),
    "dictionary": ("{'password': 'hunter 2', 'name': 'ann'}", "hunter 2"),
    "escaped quote": (r"{'password': 'hun\'ter2', 'name': 'ann'}", "ter2"),
    "bytes": ("{'password': b'hunter2'}", "hunter2"),
    "list": ("{'password': ['hunter2']}", "hunter2"),
    "json": ('{"api_key": "hunter2"}', "hunter2"),
    "quote that never ends": ("password='hunter 2", "hunter 2"),
    "bearer": ("sent Bearer hunter2", "hunter2"),
    "authorization": ("Authorization: Basic hunter2==", "hunter2"),
    "authorization in an environment": ("'HTTP_AUTHORIZATION': 'Basic hunter2'", "hunter2"),
    "header as a pair": ('("Authorization", "Basic hunter2")', "hunter2"),
    "cookie": ("Cookie: lang=en; session=hunter2; a=b", "hunter2"),
    "cookie that is set": ("Set-Cookie: session=hunter2; Path=/", "hunter2"),
    "cookie in an environment": ("{'HTTP_COOKIE': 'a=b; session=hunter2'}", "hunter2"),
    "database": ("postgresql+psycopg2://ann:hunter2@host/site", "hunter2"),
    "database with odd password": ("postgresql://ann:hun@ter2@host/site", "ter2"),
    "redis": ("redis://:hunter2@localhost:6379/0", "hunter2"),
    "row that PostgreSQL shows": ("no!\nDETAIL:  Failing row contains (1, hunter2).", "hunter2"),
    "row of several lines": ("no!\nDETAIL:  Failing row contains (1, a\nhunter2).\n", "hunter2"),
    "key that PostgreSQL shows": ("no!\nDETAIL:  Key (email)=(ann@a.example) exists.", "ann@"),
    "statement that PostgreSQL shows": ("no!\nLINE 1: SELECT 'hunter2'\n       ^", "hunter2"),
    "hash of a password": ("(1, scrypt:256:8:1$3jT2u2bL$b4222abb9c, f)", "b4222abb9c"),
}


@pytest.mark.parametrize(("text", "secret"), SECRET.values(), ids=SECRET)
def test_secret_is_known_by_its_shape(text: str, secret: str) -> None:
    redacted = redact(text)

    assert secret not in redacted
    assert HIDDEN in redacted


@pytest.mark.parametrize(
    "text",
    [
        "GET /auth/reset 200",
        "The token has expired.",
        "SECRET_KEY is not set: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'",
        "http://127.0.0.1:5000/user/ann?page=2",
        "the password was changed",
        "if password == repeated:",
        "sqlalchemy.exc.OperationalError in app.models.user",
        "Every reader gets a cookie",
    ],
)
def test_harmless_text_is_left_alone(text: str) -> None:
    assert redact(text) == text


def test_text_around_a_secret_is_kept() -> None:
    text = "Cookie: session=a; b=c\nHost: example.com\npassword=x&email=ann"

    assert redact(text) == f"Cookie: {HIDDEN}\nHost: example.com\npassword={HIDDEN}&email=ann"


SETTINGS: dict[str, object] = {
    "SECRET_KEY": "the-key-of-today",
    "SECRET_KEY_FALLBACKS": ["the-key-of-yesterday"],
    "MAIL_PASSWORD": "mail'n\\word",
    "FLASKY_MONITOR_TOKEN": "monitor-token",
    "SQLALCHEMY_DATABASE_URI": "postgresql+psycopg2://ann:data%40base@host/site",
    "REDIS_URL": "redis://:redis-word@host:6379/0",
    "QUEUE_URL": None,
    "FLASKY_ADMIN": "boss@example.com",
}


@pytest.mark.parametrize(
    "secret",
    [
        "the-key-of-today",
        "the-key-of-yesterday",
        "mail'n\\word",
        repr("mail'n\\word"),
        "monitor-token",
        "data%40base",
        "data@base",
        "redis-word",
    ],
)
def test_value_of_a_secret_setting_is_hidden_wherever_it_stands(secret: str) -> None:
    redacted = redact(f"It is {secret}, is it not?", secrets_of(SETTINGS))

    assert secret.strip("'\"") not in redacted


def test_setting_that_is_no_secret_is_not_hidden() -> None:
    assert redact("boss@example.com", secrets_of(SETTINGS)) == "boss@example.com"


def test_secret_that_holds_another_is_hidden_whole() -> None:
    assert redact("abcdefgh", ["cdef", "abcdefgh"]) == HIDDEN


@pytest.mark.parametrize("settings", [{}, {"SECRET_KEY": None}, {"MAIL_PASSWORD": "a"}])
def test_settings_without_secrets_hide_nothing(settings: dict[str, object]) -> None:
    assert secrets_of(settings) == []


@pytest.mark.parametrize(
    ("name", "hidden"),
    [("password", True), ("HTTP_COOKIE", True), ("csrf_token", True), ("path", False)],
)
def test_value_is_judged_by_its_name(name: str, hidden: bool) -> None:
    assert is_secret(name) is hidden


def test_every_address_with_a_token_is_known(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if "token" in rule.arguments]

    assert rules
    for rule in rules:
        path = rule.rule.replace("<token>", "the-very-token")
        assert "the-very-token" not in redact(f"GET {path} 200"), rule


PIECES = [
    *("a", "://", "://a:", "password", "password=", "cookie'", "token'   ", "cookie: ["),
    *("eyJaaaaaaaaaa.", "Ij-", "|0", "/auth/reset/", "'", '"', "\\", "token='\\", "Bearer "),
]


@pytest.mark.parametrize("piece", PIECES)
def test_time_grows_no_faster_than_the_text(piece: str) -> None:
    def spent(length: int) -> float:
        text = piece * (length // len(piece))
        begun = time.process_time()
        redact(text)
        return time.process_time() - begun

    # What grows with the square would take 400 times as long; 20 is what is expected.
    assert spent(200_000) < 100 * max(spent(10_000), 0.0005)
