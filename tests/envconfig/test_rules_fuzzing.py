"""Any value of any variable either starts a working site, or is refused by one sentence."""

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg2.extensions
import pytest
from flask import Flask
from hypothesis import given, note
from hypothesis import strategies as st
from werkzeug.security import check_password_hash, generate_password_hash

from app.error_reporting.handler import ErrorEmailHandler, remove_handlers
from app.extensions import db, limiter
from app.mail.messages import send_new_user
from app.mail.smtp import build_message
from app.models import OutboxEmail, User
from envconfig.environment import Environment
from envconfig.rules import Rule
from tests.support.app_factory import make_app_from, settings_from
from tests.support.databases import migrated, new_sqlite_url
from tests.support.factories import Factory
from tests.support.fuzzing import fuzz, mutated
from tests.support.repository import ROOT

CONFIGURATIONS = (
    "development",
    "production",
    "heroku",
    "unix",
)
REQUIRED = {
    "SECRET_KEY": "k" * 48,
    "SITE_URL": "https://localhost",
    "MAIL_SERVER": "127.0.0.1",
    "JOBS_IN_WEB": "false",  # each application would have a thread
}
DATABASES = {"DATABASE_URL", "DEV_DATABASE_URL"}
# Required by these variables.
TOGETHER = {"MAIL_USERNAME": {"MAIL_PASSWORD": "sesame"}}
EXAMPLES = dict(re.findall(r"(?m)^#?([A-Z_]+)=(.+)", (ROOT / ".env.example").read_text()))
PATHS = ["/auth/login", "/api/v1/users/1", "/healthz", "/readyz", "/static/favicon.svg"]
# Without NUL, which no variable can have; with bytes that are not UTF-8.
CHARACTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
TEXT = st.text(CHARACTERS | st.just("\udcff"))
SPECIAL = st.sampled_from(
    [
        *("/:@?#%&=[]<>,;.-+*_\"'\\ \t\n\x85\u2028\u200bé\u0663\uff10\u2177\U0001f600"),
        *("%00", "::", "..", "[::1", "xn--", "xn--a", "localhost", "-1", "1e9", "nan", "{}", "%s"),
        *("9" * 20, "x" * 300),
    ]
)


def read_rules() -> dict[str, Rule]:
    """Return the rule of each variable that config.py reads."""
    found: dict[str, Rule] = {}
    read = Environment._read

    def record(env: Environment, name: str, default: Any, rule: Rule) -> Any:
        found[name] = rule
        return read(env, name, default, rule)

    with patch.object(Environment, "_read", record):
        settings_from("production")
    return found


RULES = read_rules()


def values(name: str) -> st.SearchStrategy[str]:
    """Generate values of a variable: any text, text that matches its pattern, changed examples."""
    matching = st.from_regex(RULES[name].pattern, fullmatch=True)
    matching = matching.filter(lambda text: "\0" not in text).filter(is_encodable)
    example = mutated(EXAMPLES.get(name, ""), TEXT | SPECIAL)
    return TEXT | matching | example | matching.flatmap(lambda text: mutated(text, SPECIAL))


def is_encodable(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


VARIABLES = st.sampled_from(sorted(RULES)).flatmap(
    lambda name: st.tuples(st.just(name), values(name))
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database with a user."""
    url = new_sqlite_url(tmp_path_factory.mktemp("fuzzing"))
    with migrated(make_app_from("production", DATABASE_URL=url, **REQUIRED)) as app:
        Factory(app).user()
    return url


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let no generated host name be looked up; those that Python cannot encode still fail."""

    def getaddrinfo(host: Any, *_rest: Any, **_options: Any) -> Any:
        host.encode("idna") if isinstance(host, str) else host
        raise socket.gaierror(socket.EAI_NONAME, "There is no network in this test.")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield
    remove_handlers()


@pytest.mark.slow
@fuzz(quick=30)
@given(configuration=st.sampled_from(CONFIGURATIONS), variable=VARIABLES)
def test_value_starts_a_working_site_or_is_refused(
    database: str, configuration: str, variable: tuple[str, str]
) -> None:
    name, value = variable
    databases = dict.fromkeys(DATABASES, database)
    environment = {**REQUIRED, **databases, **TOGETHER.get(name, {}), name: value}

    errors = settings_from(configuration, **environment).validation_errors()

    note(f"{configuration}: {errors}")
    if errors:
        [error] = errors
        assert re.match(rf"{name}\b|MAIL_USE_TLS and |SSL_REDIRECT is on", error), error
        assert error.isprintable()
        assert re.search(r"[.\])}']$", error)
    else:
        app = make_app_from(configuration, **environment)
        check(name, app)


def check(name: str, app: Flask) -> None:
    """Use everything that depends on the settings."""
    if name in DATABASES:
        describe_connection(app)
        return
    for path in PATHS:
        response = app.test_client().get(
            path,
            base_url=app.config["SITE_URL"],
            headers={
                "Origin": (app.config["CORS_ORIGINS"] or ["null"])[0],
                "X-Forwarded-Proto": "https",
            },
        )
        assert response.status_code < 400, (path, response.status)
        response.close()
    token = app.config["METRICS_TOKEN"]
    if token:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "192.0.2.7"}
        response = app.test_client().get("/metrics", headers=headers)
        assert response.status_code == 200
    with app.app_context():
        send_email(app)
        method = app.config["PASSWORD_HASH_METHOD"]
        assert check_password_hash(generate_password_hash("x", method), "x")
        assert limiter.storage.check()
        db.engine.dispose()


def send_email(app: Flask) -> None:
    """Build the email about a new account, and the one about an error."""
    user = db.session.scalars(db.select(User)).one()
    send_new_user(user)
    for email in db.session.scalars(db.select(OutboxEmail)):
        message = build_message(email)
        assert message.send_to
        assert b"\nSubject: " in message.as_bytes()
    if app.config["FLASKY_ADMIN"]:
        handler = ErrorEmailHandler(app)
        assert "@" in handler.fromaddr
        assert "@" in handler.toaddrs[0]
        handler.close()
    for text in (app.config["MAIL_USERNAME"], app.config["MAIL_PASSWORD"]):
        (text or "").encode("ascii")
    db.session.rollback()


def describe_connection(app: Flask) -> None:
    """Check that a connection could be opened, without opening one."""
    with app.app_context():
        arguments, options = db.engine.dialect.create_connect_args(db.engine.url)
        if db.engine.dialect.name == "postgresql":
            assert not arguments
            psycopg2.extensions.make_dsn(**options)


@fuzz(quick=200)
@given(path=TEXT | st.builds("/{}".format, TEXT) | st.builds("/dev/{}".format, SPECIAL))
def test_name_of_a_file_is_refused_unless_it_is_a_secret(path: str) -> None:
    with patch.dict(os.environ, {"X_FILE": path}, clear=True):
        env = Environment()
        value = env.text("X", "default")

    assert value == "default" or Path(path.strip()).is_file()
    for error in env.errors.values():
        assert re.fullmatch(r"X_FILE names a file that cannot be read: [^\n]+\.", error)
