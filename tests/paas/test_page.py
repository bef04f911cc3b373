"""Every command of docs/deploying/paas.md is typed, by the genuine command line of Heroku's.

It speaks to a Heroku on this machine, which builds what is pushed, and runs it (app_platform.py).
"""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.databases import EphemeralPostgres
from tests.manual import Command, commands
from tests.paas.app_platform import App, Release
from tests.paas.conftest import as_platforms_write, heroku_variables, write_dotenv
from tests.paas.deployer import REMOTE, Deployer
from tests.paas.dyno import Web
from tests.paas.heroku_cli import HerokuCli
from tests.paas.slug import Slug
from tests.repository import ROOT
from tests.system.traffic import ask_once

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("paas")]

COMMANDS = commands(ROOT / "docs/deploying/paas.md")
CHAPTERS = list(dict.fromkeys(command.chapter for command in COMMANDS))

# What no test types here, as the page says before it; and which commands may stand there.
ELSEWHERE = {
    "No test types this, since it opens a browser:": {"heroku login"},
    "This one runs until Ctrl-C:": {"heroku logs --tail"},
    "These run until Ctrl-C:": {  # test_local.py starts and ends them
        "heroku local",
        "heroku local web=3",
        "honcho start --port 5006 web worker",
        "honcho start --port 5006 --concurrency web=3 web",
    },
}
PASSWORD = "four words of mine"
TYPED = {"heroku run -- flask users create": f"{PASSWORD}\n{PASSWORD}\n"}


class Session:
    """What came of the page, typed from its first to its last line."""

    def __init__(self, deployer: Deployer, postgres: EphemeralPostgres) -> None:
        self.deployer, self.postgres = deployer, postgres
        self.outcomes: dict[Command, tuple[int, str]] = {}
        self.webs: list[str] = []
        self.releases: list[Release] = []
        for command in COMMANDS:
            if command.place not in ELSEWHERE:
                self.type(command)

    def type(self, command: Command) -> None:
        """Type a command; look around before and after it."""
        words = tuple(command.text.split()[:2])
        if words in BEFORE:
            BEFORE[words](self)
        more = [text for start, text in TYPED.items() if command.text.startswith(start)]
        self.outcomes[command] = self.deployer.type(command.text, "".join(more))
        if words in AFTER:
            AFTER[words](self)

    def change_something(self) -> None:
        """Have something new to push."""
        words = ["commit", "--quiet", "--allow-empty", "--message=Another release"]
        subprocess.run(["git", *words], cwd=self.deployer.project, check=True, env=self.around)

    @property
    def around(self) -> dict[str, str]:
        """The shell's variables."""
        return self.deployer.environment

    def write_dotenv(self) -> None:
        """Write what the page shows of `.env`."""
        database = as_platforms_write(self.postgres.new_database())
        variables = heroku_variables(database, "http://localhost:5006")
        write_dotenv(self.deployer.project / ".env", variables)

    def look_at_webs(self) -> None:
        """Ask every web process whether it is ready."""
        self.deployer.platform.start()
        webs = [dyno for dyno in self.deployer.platform.dynos if isinstance(dyno, Web)]
        self.webs = [ask_once(web.connect(), "/readyz") for web in webs]

    def look_at_releases(self) -> None:
        """Take note of the releases so far."""
        assert self.deployer.platform.app is not None
        self.releases = list(self.deployer.platform.app.releases)


Look = Callable[[Session], None]
BEFORE: dict[tuple[str, ...], Look] = {
    ("git", "push"): Session.change_something,
    ("heroku", "local:run"): Session.write_dotenv,
    ("honcho", "run"): Session.write_dotenv,
}
AFTER: dict[tuple[str, ...], Look] = {
    ("heroku", "ps:scale"): Session.look_at_webs,
    ("heroku", "rollback"): Session.look_at_releases,
}


@pytest.fixture(scope="module")
def session(
    tmp_path_factory: pytest.TempPathFactory,
    project: Path,
    slug: Slug,
    cli: HerokuCli,
    postgres: EphemeralPostgres,
) -> Iterator[Session]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("heroku")
        deployer = Deployer(stack, folder, project, slug.packages, cli, postgres)
        yield Session(deployer, postgres)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_commands_of_the_chapter_do_what_the_page_says(session: Session, chapter: str) -> None:
    for command, (code, output) in session.outcomes.items():
        if command.chapter == chapter:
            assert code == 0, f"{command.text}\n{output}"
            assert command.fits(output), f"{command.text}\n{output}\ninstead of\n{command.answer}"


def test_command_line_asked_for_nothing_that_was_not_there(session: Session) -> None:
    assert session.deployer.api.unknown == []


def test_every_web_process_that_was_asked_for_is_ready(session: Session) -> None:
    assert session.webs == ["200", "200"]


def test_rollback_brings_back_code_and_variables_as_a_new_release(session: Session) -> None:
    *_, good, bad, again = session.releases
    assert good.commit != bad.commit
    assert (again.slug, again.commit, again.variables) == (good.slug, good.commit, good.variables)


def test_no_process_complained(session: Session) -> None:
    log = "\n".join(session.deployer.platform.log())
    assert "The worker does the jobs of rediss" in log
    for complaint in ("cannot be reached", "does not count attempts", "ERROR", "Traceback"):
        assert complaint not in log


def test_commands_that_are_not_typed_here_are_known() -> None:
    for command in COMMANDS:
        untyped = [names for names in ELSEWHERE.values() if command.text in names]
        assert untyped == ([ELSEWHERE[command.place]] if command.place in ELSEWHERE else [])


@pytest.fixture
def new_app(session: Session) -> App:
    """An app without any variables, and without code."""
    return session.deployer.platform.create("another")


def test_release_that_fails_says_why_and_changes_nothing(session: Session, new_app: App) -> None:
    session.change_something()
    code, output = session.deployer.type(f"git push {REMOTE} main")
    assert code == 0
    assert "remote:   * SECRET_KEY is not set" in output
    assert "Release command failed" in output
    assert new_app.current.slug is None


def test_build_that_fails_refuses_the_push(session: Session, new_app: App) -> None:
    hook = session.deployer.project / "bin/post_compile"
    hook.write_text("#!/bin/sh\necho No space left\nexit 1\n")
    code, output = session.deployer.type(f"git commit -qam Broken && git push {REMOTE} main")
    assert code == 1
    assert "remote: bin/post_compile exited with 1: No space left" in output
    assert new_app.current.slug is None
