"""Every command of docs/operating.md is typed at a site that has had a bad night."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from benchmarks.sites import WholeSite
from tests.factories import PASSWORD
from tests.manual import Command, commands
from tests.repository import ROOT, files
from tests.system.servers import BIN, eventually, fetch
from tests.system.visitor import Browser

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("operating")]

PAGE = ROOT / "docs/operating.md"
COMMANDS = commands(PAGE)
CHAPTERS = list(dict.fromkeys(command.chapter for command in COMMANDS))
NAMES = "What this page calls things"

# Where commands are typed that no test can type, as the page says before them; and why.
ELSEWHERE = {
    "On a server with systemd:": "no systemd runs where tests run",
    "On a server with supervisor:": "it starts the site itself: see tests/deploy/",
}
ONLY_THERE = re.compile(
    r"\b(systemctl|journalctl|supervisorctl)\b|^nginx -t|^git |^bin/|/var/log/"
)
NEEDED = {"curl": "curl", "jq": "jq", "redis-cli": "redis-tools"}

# The page's own lines that say what it calls things.
NAMED = [
    command.text
    for command in COMMANDS
    if command.chapter == NAMES and command.place == "On a server with systemd:"
]

# What must have happened before a command does what the page says.
BEFORE: dict[str, Callable[["BadNight"], None]] = {
    "flask mail deliver": lambda night: night.mend_mail_server(),
    "flask jobs retry --all": lambda night: night.mend_mail_server(),
}

FAILED_JOB = """
INSERT INTO failed_jobs (name, arguments, failed_at, attempts, last_error)
VALUES ('deliver_letter', '[1]', now(), 6, 'TimeoutError: timed out')
"""


class BadNight:
    """The site after the night, and a shell on its machine."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        for program, package in NEEDED.items():
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed: sudo apt install {package}")
        settings = {"DATABASE_LOCK_TIMEOUT": "0.6", "FLASKY_RELEASE": "42"}
        self.site: WholeSite = WholeSite(stack, 0, "tests.system.faulty_wsgi:app", **settings)
        self.folder = folder
        self.fault = self.meet_fault(3)
        self.hold_a_lock()
        self.restart_postgresql()
        self.restart_redis()
        self.ask_for_wrong_host()
        self.try_password()
        self.lose_mail_server()
        self.give_up_a_job()
        connection = stack.enter_context(self.site.engine.connect())
        self.stuck = connection.scalar(text("SELECT pg_backend_pid()"))
        stack.callback(connection.invalidate)

    def meet_fault(self, number: int) -> str:
        """Open a page that fails; return the number of the request."""
        answer = fetch(self.site.connect(), f"/fault/{number}")
        assert answer.status == 500
        return str(answer.headers["X-Request-ID"])

    def hold_a_lock(self) -> None:
        """Have a statement wait for longer than statements should."""
        with self.site.engine.begin() as connection:
            connection.execute(text("LOCK TABLE posts"))
            assert fetch(self.site.connect(), "/user/ann?locked").status == 503

    def restart_postgresql(self) -> None:
        """Have somebody come while the database is away."""
        self.site.postgres.stop()
        assert fetch(self.site.connect(), "/user/ann?down").status == 503
        self.site.postgres.start()

    def restart_redis(self) -> None:
        """Have the worker notice that the queue is away, and then that it is back."""
        self.site.redis.kill()
        eventually(lambda: "queue cannot be reached" in self.site.worker.log)
        self.site.redis.start()
        eventually(lambda: "queue can be reached again" in self.site.worker.log)

    def ask_for_wrong_host(self) -> None:
        """Come by a name that is not the site's."""
        answer = fetch(self.site.connect(), headers={"Host": "wrong.example.com"})
        assert answer.status == 400

    def try_password(self) -> None:
        """Try a wrong password."""
        stranger = Browser(self.site.url, self.site.connect)
        stranger.submit("/auth/login", email="ann@example.com", password="guessed")

    def lose_mail_server(self) -> None:
        """Promise a letter and meet an error while nobody takes mail."""
        self.site.office.stop()
        late = {"email": "late@example.com", "username": "late"}
        passwords = {"password": PASSWORD, "password2": PASSWORD}
        Browser(self.site.url, self.site.connect).submit("/auth/register", **late, **passwords)
        eventually(lambda: "mail server cannot be reached" in self.site.worker.log)
        self.meet_fault(4)
        eventually(lambda: "Errors cannot be mailed" in self.site.web.log)

    def mend_mail_server(self) -> None:
        """Let letters go out again."""
        if not self.site.office.answers():
            self.site.office.start()

    def give_up_a_job(self) -> None:
        """Leave a job that has failed too often."""
        with self.site.engine.begin() as connection:
            connection.execute(text(FAILED_JOB))

    def type(self, command: str) -> tuple[int, str]:
        """Type a command where the page's names are known; return its exit code and output."""
        script = "\n".join([self.journal(), *NAMED, command])
        for there, here in self.places().items():
            script = script.replace(there, here)
        environment = {
            "PATH": f"{os.environ['PATH']}:{self.site.postgres.server.bin_path}",
            "CURL_CA_BUNDLE": str(self.site.nginx.folder / "certificate"),
            "REQUEST": self.fault,
            "PID": str(self.stuck),
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

    def journal(self) -> str:
        """Return the line that makes a shell take the site's own files for the journal."""
        return f"journalctl() {{ cat {self.site.web.log_file} {self.site.worker.log_file}; }}"

    def places(self) -> dict[str, str]:
        """Return what is somewhere else on this machine than on the page's."""
        settings = self.folder / "env"
        told = self.site.environment.items()
        settings.write_text("".join(f"{name}={value}\n" for name, value in told if name != "PATH"))
        nginx = self.site.nginx
        return {
            "/srv/flasky": str(ROOT),
            ". .venv/bin/activate": f"PATH={BIN}:$PATH",
            "https://flasky.example.com": nginx.url,
            "/run/flasky/web.sock": str(nginx.socket),
            "/root/flasky.log": str(self.folder / "log"),
            "/etc/flasky/env": str(settings),
            "/etc/nginx/flasky/maintenance": str(nginx.flag),
            "runuser -u flasky -- ": "",  # the tests need not be root
        }


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BadNight]:
    with ExitStack() as stack:
        yield BadNight(stack, tmp_path_factory.mktemp("night"))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_commands_of_the_chapter_do_what_the_page_says(night: BadNight, chapter: str) -> None:
    for command in COMMANDS:
        if command.chapter == chapter and command.place not in ELSEWHERE:
            if command.text in BEFORE:
                BEFORE[command.text](night)
            code, output = night.type(command.text)
            assert code == 0, f"{command.text}\n{output}"
            assert command.fits(output), f"{command.text}\n{output}\ninstead of\n{command.answer}"


def test_names_of_the_page_are_defined_by_its_own_lines(night: BadNight) -> None:
    code, output = night.type("flask config FLASKY_URL")
    assert (code, night.site.url in output) == (0, True), output


def test_commands_that_are_not_typed_here_could_not_be() -> None:
    for command in COMMANDS:
        if command.chapter != NAMES:
            is_elsewhere = command.place in ELSEWHERE
            assert is_elsewhere == bool(ONLY_THERE.search(command.text)), command.text


def test_units_and_files_of_the_page_are_those_of_deploy() -> None:
    page = PAGE.read_text()
    deployed = [ROOT / path for path in files() if path.parts[0] == "deploy"]
    everything = "".join(path.read_text() for path in deployed)
    units = set(re.findall(r"\bflasky-(?:web|worker)\b(?:\.(?!log)\w+)?", page))
    places = set(re.findall(r"/(?:srv|etc|run|var)/(?:\w+/)*flasky[\w/.-]*\w", page))
    names = {path.name for path in deployed}
    assert {unit for unit in units if "." in unit} <= names
    assert {f"{unit}.service" for unit in units if "." not in unit} <= names
    assert places
    for place in places:
        file = place.removeprefix("/etc/")  # deploy/nginx/ becomes /etc/nginx/
        assert place in everything or (ROOT / "deploy" / file).exists(), place


ANSWERS = {
    "the same": ("ok", "ok\n", True),
    "another": ("ok", "not ok", False),
    "more": ("ok", "ok ok", False),
    "nothing": ("", "", True),
    "anything but nothing": ("", "oh", False),
    "room": ("a  b", "a\tb\n", True),
    "whatever": ("a … c", "a b c", True),
    "several lines": ("…\nc", "a\nb\nc", True),
    "its end": ("a …", "b a", False),
}


@pytest.mark.parametrize(("shown", "output", "fits"), ANSWERS.values(), ids=ANSWERS)
def test_answer_is_compared_loosely(shown: str, output: str, fits: bool) -> None:
    assert Command("", "", "true", shown).fits(output) == fits


def test_block_of_another_kind_is_not_overlooked(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n```sh\nrm -rf /\n```\n")
    with pytest.raises(ValueError, match="nobody tests"):
        commands(page)
