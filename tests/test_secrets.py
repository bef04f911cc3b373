"""No secret of the settings, and none of a visitor, comes to light, whatever goes wrong.

Recognisable values stand in every setting that is secret. Then a real server is asked for every
page, and made to fail in every way we know, and all it has ever said is searched for them.
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

from .databases import EphemeralPostgres
from .faulty_site import mails
from .mailbox import Mailbox, free_port
from .settings import make_app
from .system.servers import BIN, Gunicorn, connect, deploy, production, run

pytestmark = pytest.mark.slow

PASSWORD = "planted db/password"
PLANTED = {
    "SECRET_KEY": "planted-key-" * 4,
    "SECRET_KEY_FALLBACKS": "planted-old-key-" * 3,
    "MAIL_PASSWORD": "planted-mail-password",
    "FLASKY_MONITOR_TOKEN": "planted-token-of-the-monitor",
    "REDIS_URL": "redis://:planted-redis@127.0.0.1:1/0",
}
VISITORS = {"password": "planted-of-a-visitor", "csrf_token": "planted-csrf"}
REMEMBERED = "a1b2c3d4" * 16  # as long as the signature of “keep me logged in”
RESET = "/auth/reset/a-link-that-somebody-was-sent"
SEARCHED = ("planted", quote("planted db/password", safe=""), "db/password", "db%2Fpassword")


@dataclass
class Scene:
    """A server, its environment, and where its mail goes."""

    server: Gunicorn
    environment: dict[str, str]
    mailbox: Mailbox


def set_the_scene(stack: ExitStack, database: str, **more: Any) -> Scene:
    mailbox = stack.enter_context(Mailbox())
    port = free_port()
    settings = {**mailbox.settings, **PLANTED, "FLASKY_ADMIN": "admin@example.com", **more}
    environment = production(f"http://127.0.0.1:{port}", database, **settings)
    server = Gunicorn(environment, "--threads", "4", bind=f"127.0.0.1:{port}")
    server.command[1] = "tests.system.faulty_wsgi:app"
    return Scene(server, environment, mailbox)


@pytest.fixture(scope="module")
def working(postgres: EphemeralPostgres) -> Iterator[Scene]:
    """A site whose database and mail server work; Redis does not."""
    database = postgres.new_database().replace(":@", f":{quote(PASSWORD, safe='')}@")
    with ExitStack() as stack:
        scene = set_the_scene(stack, database)
        deploy(scene.environment)
        stack.enter_context(scene.server)
        yield scene


@pytest.fixture(scope="module")
def broken() -> Iterator[Scene]:
    """A site without a database, whose mail server takes no password."""
    database = f"postgresql://flasky:{quote(PASSWORD, safe='')}@127.0.0.1:1/site"
    with ExitStack() as stack:
        scene = set_the_scene(stack, database, MAIL_USERNAME="flasky", FLASKY_LOG_FORMAT="text")
        stack.enter_context(scene.server)
        yield scene


@pytest.fixture(params=["working", "broken"])
def scene(request: pytest.FixtureRequest) -> Scene:
    found: Scene = request.getfixturevalue(request.param)
    return found


def plain_paths() -> list[str]:
    """Return the path of every page that has no row in its address, and of one that breaks."""
    rules: list[Rule] = list(make_app().url_map.iter_rules())
    plain = {rule.rule for rule in rules if "GET" in (rule.methods or ()) and not rule.arguments}
    return [*sorted(plain), "/fault/1", "/nowhere", "/user/nobody"]


def ask(scene: Scene, method: str, path: str, **headers: str) -> str:
    """Send a request, with a form if the method takes one; return all of the answer."""
    connection = connect(scene.server.bind)
    form = urlencode({"email": "ann@example.com", **VISITORS}) if method == "POST" else None
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    try:
        connection.request(method, path, form, {**kind, **headers})
        answer = connection.getresponse()
        return f"{answer.status}\n{answer.headers}\n{answer.read().decode()}"
    finally:
        connection.close()


def expect_no_secret(text: str, *more: str) -> None:
    secrets = (*SEARCHED, *more)
    assert [line for line in text.splitlines() if any(one in line for one in secrets)] == []


def session_of_a_visitor(scene: Scene) -> str:
    """Return the value of the cookie that the site gives to whoever opens a form."""
    match = re.search(r"Set-Cookie: session=([^;]+)", ask(scene, "GET", "/auth/login"))
    assert match is not None
    return match[1]


@pytest.mark.parametrize("caller", ["stranger", "monitor"])
def test_no_page_and_no_probe_tells_a_secret(scene: Scene, caller: str) -> None:
    token = f"Bearer {PLANTED['FLASKY_MONITOR_TOKEN']}"
    headers = {"Authorization": token} if caller == "monitor" else {"X-Forwarded-For": "1.2.3.4"}

    assert {"/healthz", "/readyz", "/metrics"} <= set(plain_paths())
    answers = {path: ask(scene, "GET", path, **headers) for path in plain_paths()}

    statuses = {answer.partition("\n")[0] for answer in answers.values()}
    assert statuses >= {
        "200",
        "404",
        "500" if scene.environment.get("MAIL_USERNAME") is None else "503",
    }
    for answer in answers.values():
        expect_no_secret(answer)


def test_nothing_of_a_visitor_is_written_down(scene: Scene) -> None:
    session = session_of_a_visitor(scene)
    headers = {
        "Cookie": f"session={session}; remember_token=1|{REMEMBERED}",
        "Authorization": "Bearer planted",
    }

    for path in ("/say", "/auth/login", "/auth/register", "/auth/reset", "/fault/1", RESET):
        expect_no_secret(ask(scene, "POST", path, **headers), session, REMEMBERED)

    assert "ValueError" in scene.server.log
    expect_no_secret(scene.server.log, session, REMEMBERED, RESET)


COMMANDS_TO_RUN = [
    ["config"],
    ["config", "--json"],
    ["config", *PLANTED, "DATABASE_URL"],
    ["deploy"],
    ["mail", "list"],
    ["mail", "deliver"],
    ["jobs", "list"],
    ["users", "list"],
]


@pytest.mark.parametrize("words", COMMANDS_TO_RUN, ids=" ".join)
def test_no_command_tells_a_secret(scene: Scene, words: list[str]) -> None:
    done = run([str(BIN / "flask"), *words], scene.environment)

    assert done.stdout or done.stderr
    expect_no_secret(done.stdout + done.stderr)


def test_no_mail_tells_a_secret(working: Scene) -> None:
    session = session_of_a_visitor(working)
    ask(working, "POST", "/say", Cookie=f"session={session}")

    for mail in mails(working.mailbox):
        expect_no_secret(mail.message.as_string(), session)
        expect_no_secret(mail.text + mail.html, session)


def test_no_log_tells_a_secret(scene: Scene) -> None:
    """Last, when the others have made the server say what it can."""
    ask(scene, "GET", "/fault/2?token=planted-in-the-address")

    assert "Traceback" in scene.server.log
    expect_no_secret(scene.server.log)


def test_configuration_that_is_refused_does_not_tell_what_it_holds() -> None:
    bad = production("nowhere", "mysql://user:planted@host", **PLANTED, SSL_REDIRECT="maybe")

    done = run(
        [str(BIN / "flask"), "config"], bad | {"SECRET_KEY": "planted", "REDIS_URL": "x:planted"}
    )

    assert done.returncode == 3
    assert "SECRET_KEY has fewer" in done.stderr
    expect_no_secret(done.stdout + done.stderr)


def test_every_secret_setting_is_planted() -> None:
    named = {name for name in make_app().config if SECRET.search(name)}

    assert named - {"WTF_CSRF_SECRET_KEY"} <= set(PLANTED)
    assert {str(command.name) for command in COMMANDS} >= {words[0] for words in COMMANDS_TO_RUN}
