"""No secret of the configuration or of a request leaks into responses, logs or emails.

Every secret setting has a recognizable value. A real server answers requests to every page and
fails in every known way; its output is searched for these values.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from werkzeug.routing import Rule

from app.cli import COMMANDS
from app.cli.config import SECRET
from tests.support.app_factory import make_app
from tests.support.databases import EphemeralPostgres
from tests.support.faulty_site import admin_emails
from tests.support.mailbox import Mailbox, free_port
from tests.support.servers import BIN, Gunicorn, connect, deploy, production, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("secrets")]

PASSWORD = "planted db/password"
PLANTED = {
    "SECRET_KEY": "planted-key-" * 4,
    "SECRET_KEY_FALLBACKS": "planted-old-key-" * 3,
    "MAIL_PASSWORD": "planted-mail-password",
    "OIDC_CLIENT_SECRET": "planted-oidc-secret",
    "METRICS_TOKEN": "planted-metrics-token",
    "SENTRY_DSN": "http://planted_sentry_key@127.0.0.1:1/7",
    "REDIS_URL": "redis://:planted-redis@127.0.0.1:1/0",
}
FORM = {"password": "planted-form-password", "csrf_token": "planted-csrf"}
REMEMBER_COOKIE = "a1b2c3d4" * 16  # as long as a real signature
RESET = "/auth/reset/a-secret-reset-token"
SEARCHED = ("planted", quote("planted db/password", safe=""), "db/password", "db%2Fpassword")


@dataclass
class Deployment:
    """A server, its environment and its mailbox."""

    server: Gunicorn
    environment: dict[str, str]
    mailbox: Mailbox


def make_deployment(stack: ExitStack, database: str, **overrides: Any) -> Deployment:
    mailbox = stack.enter_context(Mailbox())
    port = free_port()
    settings = {**mailbox.settings, **PLANTED, "FLASKY_ADMIN": "admin@example.com", **overrides}
    environment = production(f"http://127.0.0.1:{port}", database, **settings)
    server = Gunicorn(environment, "--threads", "4", bind=f"127.0.0.1:{port}")
    server.command[1] = "tests.platforms.server.faulty_wsgi:app"
    return Deployment(server, environment, mailbox)


@pytest.fixture(scope="module")
def working(postgres: EphemeralPostgres) -> Iterator[Deployment]:
    """A site with a database and a mail server, but without Redis."""
    database = postgres.new_database().replace(":@", f":{quote(PASSWORD, safe='')}@")
    with ExitStack() as stack:
        deployment = make_deployment(stack, database)
        deploy(deployment.environment)
        stack.enter_context(deployment.server)
        yield deployment


@pytest.fixture(scope="module")
def broken() -> Iterator[Deployment]:
    """A site without a database, whose mail server rejects the password."""
    database = f"postgresql://flasky:{quote(PASSWORD, safe='')}@127.0.0.1:1/site"
    with ExitStack() as stack:
        deployment = make_deployment(stack, database, MAIL_USERNAME="flasky", LOG_FORMAT="text")
        stack.enter_context(deployment.server)
        yield deployment


@pytest.fixture(params=["working", "broken"])
def deployment(request: pytest.FixtureRequest) -> Deployment:
    found: Deployment = request.getfixturevalue(request.param)
    return found


def static_paths() -> list[str]:
    """Return the paths of all pages without parameters, and of some errors."""
    rules: list[Rule] = list(make_app().url_map.iter_rules())
    paths = {rule.rule for rule in rules if "GET" in (rule.methods or ()) and not rule.arguments}
    return [*sorted(paths), "/fault/1", "/missing", "/user/missing"]


def request(deployment: Deployment, method: str, path: str, **headers: str) -> str:
    """Send a request, with a form if the method is POST; return the status, headers and body."""
    connection = connect(deployment.server.bind)
    form = urlencode({"email": "ann@example.com", **FORM}) if method == "POST" else None
    content_type = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    try:
        connection.request(method, path, form, {**content_type, **headers})
        response = connection.getresponse()
        return f"{response.status}\n{response.headers}\n{response.read().decode()}"
    finally:
        connection.close()


def expect_no_secret(text: str, *extra: str) -> None:
    secrets = (*SEARCHED, *extra)
    assert [line for line in text.splitlines() if any(one in line for one in secrets)] == []


def session_cookie(deployment: Deployment) -> str:
    """Return the session cookie that a page with a form sets."""
    match = re.search(r"Set-Cookie: session=([^;]+)", request(deployment, "GET", "/auth/login"))
    assert match is not None
    return match[1]


@pytest.mark.parametrize("caller", ["anonymous", "monitoring"])
def test_responses_hold_no_secret(deployment: Deployment, caller: str) -> None:
    token = f"Bearer {PLANTED['METRICS_TOKEN']}"
    headers = (
        {"Authorization": token} if caller == "monitoring" else {"X-Forwarded-For": "1.2.3.4"}
    )

    assert {"/healthz", "/readyz", "/metrics"} <= set(static_paths())
    responses = {path: request(deployment, "GET", path, **headers) for path in static_paths()}

    statuses = {response.partition("\n")[0] for response in responses.values()}
    assert statuses >= {
        "200",
        "404",
        "500" if deployment.environment.get("MAIL_USERNAME") is None else "503",
    }
    for response in responses.values():
        expect_no_secret(response)


def test_request_data_is_not_logged(deployment: Deployment) -> None:
    session = session_cookie(deployment)
    headers = {
        "Cookie": f"session={session}; remember_token=1|{REMEMBER_COOKIE}",
        "Authorization": "Bearer planted",
    }

    for path in ("/echo", "/auth/login", "/auth/register", "/auth/reset", "/fault/1", RESET):
        expect_no_secret(request(deployment, "POST", path, **headers), session, REMEMBER_COOKIE)

    assert "ValueError" in deployment.server.log
    expect_no_secret(deployment.server.log, session, REMEMBER_COOKIE, RESET)


COMMANDS_TO_RUN = [
    ["config"],
    ["config", "--json"],
    ["config", *PLANTED, "DATABASE_URL"],
    ["deploy"],
    ["outbox", "list"],
    ["outbox", "send"],
    ["jobs", "list"],
    ["users", "list"],
]


@pytest.mark.parametrize("arguments", COMMANDS_TO_RUN, ids=" ".join)
def test_command_output_holds_no_secret(deployment: Deployment, arguments: list[str]) -> None:
    result = run([str(BIN / "flask"), *arguments], deployment.environment)

    assert result.stdout or result.stderr
    expect_no_secret(result.stdout + result.stderr)


def test_error_emails_hold_no_secret(working: Deployment) -> None:
    session = session_cookie(working)
    request(working, "POST", "/echo", Cookie=f"session={session}")

    for message in admin_emails(working.mailbox):
        expect_no_secret(message.message.as_string(), session)
        expect_no_secret(message.text + message.html, session)


def test_log_holds_no_secret(deployment: Deployment) -> None:
    """Runs last, after the other tests have caused errors."""
    request(deployment, "GET", "/fault/2?token=planted-in-the-url")

    assert "Traceback" in deployment.server.log
    expect_no_secret(deployment.server.log)


def test_configuration_errors_hold_no_secret() -> None:
    environment = production(
        "nowhere", "mysql://user:planted@host", **PLANTED, SSL_REDIRECT="maybe"
    )

    result = run(
        [str(BIN / "flask"), "config"],
        environment | {"SECRET_KEY": "planted", "REDIS_URL": "x:planted"},
    )

    assert result.returncode == 3
    assert "SECRET_KEY is public, too short" in result.stderr
    expect_no_secret(result.stdout + result.stderr)


def test_every_secret_setting_is_planted() -> None:
    names = {name for name in make_app().config if SECRET.search(name)}

    assert names - {"WTF_CSRF_SECRET_KEY"} <= set(PLANTED)
    assert set(COMMANDS) >= {arguments[0] for arguments in COMMANDS_TO_RUN}
