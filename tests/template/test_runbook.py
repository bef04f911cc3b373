"""Run every command of docs/runbook.md against a site on which incidents have happened."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from benchmarks.stacks import ProductionStack
from tests.support.doc_commands import Command, commands
from tests.support.factories import PASSWORD
from tests.support.raw_browser import RawBrowser
from tests.support.repository import ROOT, files
from tests.support.servers import BIN, eventually, fetch

pytestmark = [pytest.mark.platforms, pytest.mark.xdist_group("runbook")]

PAGE = ROOT / "docs/runbook.md"
COMMANDS = commands(PAGE)
SECTIONS = list(dict.fromkeys(command.section for command in COMMANDS))
SETUP = "Set up your shell"

# Commands in these contexts cannot run here, and why.
NOT_RUN_HERE = {
    "On a server with systemd:": "the tests do not run under systemd",
    "On a server with supervisor:": "tested in tests/platforms/server/test_supervisor.py",
}
REQUIRES_SERVER = re.compile(
    r"\b(systemctl|journalctl|supervisorctl)\b|^nginx -t|^git |^bin/|/var/log/"
)
REQUIRED_PROGRAMS = {"curl": "curl", "jq": "jq", "redis-cli": "redis-tools"}

SETUP_COMMANDS = [
    command.text
    for command in COMMANDS
    if command.section == SETUP and command.context == "On a server with systemd:"
]

# What to do before a command so that it produces the documented output.
BEFORE: dict[str, Callable[["SiteAfterIncidents"], None]] = {
    "flask outbox send": lambda site: site.start_mail_server(),
    "flask jobs retry --all": lambda site: site.start_mail_server(),
}

FAILED_JOB = """
INSERT INTO jobs (name, arguments, created_at, attempts, last_error)
VALUES ('send_outbox_email', '[1]', now(), 6, 'TimeoutError: timed out')
"""


class SiteAfterIncidents:
    """A site with several incidents in its log, and a shell on its machine."""

    def __init__(self, stack: ExitStack, directory: Path) -> None:
        for program, package in REQUIRED_PROGRAMS.items():
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed: sudo apt install {package}")
        settings = {"DATABASE_LOCK_TIMEOUT": "0.6", "RELEASE": "42"}
        self.site: ProductionStack = ProductionStack(
            stack, 0, "tests.platforms.server.faulty_wsgi:app", **settings
        )
        self.directory = directory
        self.error_request_id = self.cause_error(3)
        self.time_out_on_lock()
        self.restart_postgresql()
        self.restart_redis()
        self.request_untrusted_host()
        self.fail_login()
        self.stop_mail_server()
        self.add_failed_job()
        connection = stack.enter_context(self.site.engine.connect())
        self.open_connection_pid = connection.scalar(text("SELECT pg_backend_pid()"))
        stack.callback(connection.invalidate)

    def cause_error(self, number: int) -> str:
        """Request a page that raises; return the request ID."""
        response = fetch(self.site.connect(), f"/fault/{number}")
        assert response.status == 500
        return str(response.headers["X-Request-ID"])

    def time_out_on_lock(self) -> None:
        """Let a statement exceed DATABASE_LOCK_TIMEOUT."""
        with self.site.engine.begin() as connection:
            connection.execute(text("LOCK TABLE posts"))
            assert fetch(self.site.connect(), "/user/ann?locked").status == 503

    def restart_postgresql(self) -> None:
        """Request a page while PostgreSQL is stopped."""
        self.site.postgres.stop()
        assert fetch(self.site.connect(), "/user/ann?down").status == 503
        self.site.postgres.start()

    def restart_redis(self) -> None:
        """Stop Redis until the site logs it."""
        self.site.redis.kill()
        fetch(self.site.connect(), "/api/v1/posts/")
        eventually(lambda: "Redis is unavailable" in self.site.web.log)
        self.site.redis.start()

    def request_untrusted_host(self) -> None:
        """Send a request with a host that is not in TRUSTED_HOSTS."""
        response = fetch(self.site.connect(), headers={"Host": "wrong.example.com"})
        assert response.status == 400

    def fail_login(self) -> None:
        """Log in with a wrong password."""
        browser = RawBrowser(self.site.url, self.site.connect)
        browser.submit("/auth/login", email="ann@example.com", password="guessed")

    def stop_mail_server(self) -> None:
        """Cause an email and an error email while the mail server is down."""
        self.site.smtp_sink.stop()
        account = {"email": "late@example.com", "username": "late"}
        passwords = {"password": PASSWORD, "password2": PASSWORD}
        RawBrowser(self.site.url, self.site.connect).submit(
            "/auth/register", **account, **passwords
        )
        eventually(lambda: "mail server is unreachable" in self.site.worker.log)
        self.cause_error(4)
        eventually(lambda: "Cannot send error emails" in self.site.web.log)

    def start_mail_server(self) -> None:
        """Start the mail server unless it is running."""
        if not self.site.smtp_sink.is_responding():
            self.site.smtp_sink.start()

    def add_failed_job(self) -> None:
        """Add a job that has used up its retries."""
        with self.site.engine.begin() as connection:
            connection.execute(text(FAILED_JOB))

    def run(self, command: str) -> tuple[int, str]:
        """Run a command after the set-up commands of the page; return exit code and output."""
        script = "\n".join([self.journalctl(), *SETUP_COMMANDS, command])
        for documented, actual in self.replacements().items():
            script = script.replace(documented, actual)
        environment = {
            "PATH": f"{os.environ['PATH']}:{self.site.postgres.server.bin_path}",
            "CURL_CA_BUNDLE": str(self.site.nginx.folder / "certificate"),
            "REQUEST_ID": self.error_request_id,
            "PID": str(self.open_connection_pid),
        }
        done = subprocess.run(
            ["bash", "-c", script],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def journalctl(self) -> str:
        """Return a shell function that prints the logs of the site instead of the journal."""
        return f"journalctl() {{ cat {self.site.web.log_file} {self.site.worker.log_file}; }}"

    def replacements(self) -> dict[str, str]:
        """Return the paths and URLs of the page and those of this machine."""
        settings = self.directory / "env"
        variables = self.site.environment.items()
        settings.write_text(
            "".join(f"{name}={value}\n" for name, value in variables if name != "PATH")
        )
        nginx = self.site.nginx
        return {
            "/srv/flasky": str(ROOT),
            ". .venv/bin/activate": f"PATH={BIN}:$PATH",
            "https://flasky.example.com": nginx.url,
            "/run/flasky/web.sock": str(nginx.socket),
            "/root/flasky.log": str(self.directory / "log"),
            "/etc/flasky/env": str(settings),
            "/etc/nginx/flasky/maintenance": str(nginx.maintenance_flag),
            "runuser -u flasky -- ": "",  # the tests need not be root
        }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteAfterIncidents]:
    with ExitStack() as stack:
        yield SiteAfterIncidents(stack, tmp_path_factory.mktemp("site"))


@pytest.mark.parametrize("section", SECTIONS)
def test_commands_of_the_section_produce_the_documented_output(
    site: SiteAfterIncidents, section: str
) -> None:
    for command in COMMANDS:
        if command.section == section and command.context not in NOT_RUN_HERE:
            if command.text in BEFORE:
                BEFORE[command.text](site)
            code, output = site.run(command.text)
            assert code == 0, f"{command.text}\n{output}"
            assert command.matches(output), f"{command.text}\n{output}\nnot\n{command.output}"


def test_set_up_commands_select_this_site(site: SiteAfterIncidents) -> None:
    code, output = site.run("flask config SITE_URL")
    assert (code, site.site.url in output) == (0, True), output


def test_only_commands_that_require_a_server_are_not_run() -> None:
    for command in COMMANDS:
        if command.section != SETUP:
            is_not_run = command.context in NOT_RUN_HERE
            assert is_not_run == bool(REQUIRES_SERVER.search(command.text)), command.text


def test_units_and_paths_on_the_page_are_those_of_deploy() -> None:
    page = PAGE.read_text()
    deployed = [ROOT / path for path in files() if path.parts[0] == "deploy"]
    contents = "".join(path.read_text() for path in deployed)
    units = set(re.findall(r"\bflasky-(?:web|worker)\b(?:\.(?!log)\w+)?", page))
    paths = set(re.findall(r"/(?:srv|etc|run|var)/(?:\w+/)*flasky[\w/.-]*\w", page))
    names = {path.name for path in deployed}
    assert {unit for unit in units if "." in unit} <= names
    assert {f"{unit}.service" for unit in units if "." not in unit} <= names
    assert paths
    for path in paths:
        file = path.removeprefix("/etc/")  # deploy/nginx/ becomes /etc/nginx/
        assert path in contents or (ROOT / "deploy" / file).exists(), path


OUTPUTS = {
    "equal": ("ok", "ok\n", True),
    "different": ("ok", "not ok", False),
    "more": ("ok", "ok ok", False),
    "nothing": ("", "", True),
    "something instead of nothing": ("", "error", False),
    "whitespace": ("a  b", "a\tb\n", True),
    "wildcard": ("a … c", "a b c", True),
    "wildcard for lines": ("…\nc", "a\nb\nc", True),
    "wildcard at the end": ("a …", "b a", False),
}


@pytest.mark.parametrize(("shown", "output", "matches"), OUTPUTS.values(), ids=OUTPUTS)
def test_output_is_compared_with_wildcards(shown: str, output: str, matches: bool) -> None:
    assert Command("", "", "true", shown).matches(output) == matches


def test_block_of_another_type_is_an_error(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n```sh\nrm -rf /\n```\n")
    with pytest.raises(ValueError, match="are not tested"):
        commands(page)
