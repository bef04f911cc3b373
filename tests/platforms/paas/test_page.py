"""Every command of docs/deploying/paas.md, run with the Heroku CLI.

The CLI connects to a local stand-in for Heroku, which builds and runs what is pushed.
"""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.platforms.paas.app_platform import App, Release
from tests.platforms.paas.conftest import as_platform_url, heroku_variables, write_dotenv
from tests.platforms.paas.deployer import REMOTE, Deployer
from tests.platforms.paas.dyno import Web
from tests.platforms.paas.heroku_cli import HerokuCli
from tests.platforms.paas.slug import Slug
from tests.support.databases import EphemeralPostgres
from tests.support.doc_commands import Command, commands
from tests.support.repository import ROOT
from tests.support.traffic import get_status_once

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("paas")]

COMMANDS = commands(ROOT / "docs/deploying/paas.md")
SECTIONS = list(dict.fromkeys(command.section for command in COMMANDS))

# Introductions of commands that are not run, and these commands.
ELSEWHERE = {
    "This command opens a browser and is not tested:": {"heroku login"},
    "This command runs until you press Ctrl-C:": {"heroku logs --tail"},
    "These commands run until you press Ctrl-C:": {  # tested in test_local.py
        "heroku local",
        "heroku local web=3",
        "honcho start --port 5006 web worker",
        "honcho start --port 5006 --concurrency web=3 web",
    },
}
PASSWORD = "four words of mine"
STDIN = {"heroku run -- flask users create": f"{PASSWORD}\n{PASSWORD}\n"}


class Session:
    """The results of all commands of the page, in order."""

    def __init__(self, deployer: Deployer, postgres: EphemeralPostgres) -> None:
        self.deployer, self.postgres = deployer, postgres
        self.outcomes: dict[Command, tuple[int, str]] = {}
        self.webs: list[str] = []
        self.releases: list[Release] = []
        for command in COMMANDS:
            if command.context not in ELSEWHERE:
                self.run(command)

    def run(self, command: Command) -> None:
        """Run a command, and record the state before and after it."""
        program = tuple(command.text.split()[:2])
        if program in BEFORE:
            BEFORE[program](self)
        stdin = [text for start, text in STDIN.items() if command.text.startswith(start)]
        self.outcomes[command] = self.deployer.run(command.text, "".join(stdin))
        if program in AFTER:
            AFTER[program](self)

    def change_something(self) -> None:
        """Create a commit to push."""
        arguments = ["commit", "--quiet", "--allow-empty", "--message=Another release"]
        subprocess.run(
            ["git", *arguments], cwd=self.deployer.project, check=True, env=self.variables
        )

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the shell."""
        return self.deployer.environment

    def write_dotenv(self) -> None:
        """Write the `.env` of the page."""
        database = as_platform_url(self.postgres.new_database())
        variables = heroku_variables(database, "http://localhost:5006")
        write_dotenv(self.deployer.project / ".env", variables)

    def check_webs(self) -> None:
        """Record which web dynos are ready."""
        self.deployer.platform.start()
        webs = [dyno for dyno in self.deployer.platform.dynos if isinstance(dyno, Web)]
        self.webs = [get_status_once(web.connect(), "/readyz") for web in webs]

    def record_releases(self) -> None:
        """Record the releases."""
        assert self.deployer.platform.app is not None
        self.releases = list(self.deployer.platform.app.releases)


Look = Callable[[Session], None]
BEFORE: dict[tuple[str, ...], Look] = {
    ("git", "push"): Session.change_something,
    ("heroku", "local:run"): Session.write_dotenv,
    ("honcho", "run"): Session.write_dotenv,
}
AFTER: dict[tuple[str, ...], Look] = {
    ("heroku", "ps:scale"): Session.check_webs,
    ("heroku", "rollback"): Session.record_releases,
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


@pytest.mark.parametrize("section", SECTIONS)
def test_commands_of_the_section_produce_the_documented_output(
    session: Session, section: str
) -> None:
    for command, (code, output) in session.outcomes.items():
        if command.section == section:
            assert code == 0, f"{command.text}\n{output}"
            assert command.matches(output), (
                f"{command.text}\n{output}\ninstead of\n{command.output}"
            )


def test_cli_called_only_known_routes(session: Session) -> None:
    assert session.deployer.api.unknown == []


def test_every_web_dyno_is_ready(session: Session) -> None:
    assert session.webs == ["200", "200"]


def test_rollback_restores_code_and_config_as_a_new_release(session: Session) -> None:
    *_, good, bad, again = session.releases
    assert good.commit != bad.commit
    assert (again.slug, again.commit, again.variables) == (good.slug, good.commit, good.variables)


def test_no_dyno_logged_an_error(session: Session) -> None:
    log = "\n".join(session.deployer.platform.log())
    assert "Worker started: threads: 2" in log
    for error in ("is unreachable", "Redis is unavailable", "ERROR", "Traceback"):
        assert error not in log


def test_commands_that_are_not_run_are_known() -> None:
    for command in COMMANDS:
        untyped = [names for names in ELSEWHERE.values() if command.text in names]
        assert untyped == ([ELSEWHERE[command.context]] if command.context in ELSEWHERE else [])


@pytest.fixture
def new_app(session: Session) -> App:
    """An app without config vars and code."""
    return session.deployer.platform.create("another")


def test_failed_release_says_why_and_changes_nothing(session: Session, new_app: App) -> None:
    session.change_something()
    code, output = session.deployer.run(f"git push {REMOTE} main")
    assert code == 0
    assert "remote:   * SECRET_KEY is not set" in output
    assert "Release command failed" in output
    assert new_app.current.slug is None


def test_failed_build_rejects_the_push(session: Session, new_app: App) -> None:
    hook = session.deployer.project / "bin/post_compile"
    hook.write_text("#!/bin/sh\necho No space left\nexit 1\n")
    code, output = session.deployer.run(f"git commit -qam Broken && git push {REMOTE} main")
    assert code == 1
    assert "remote: bin/post_compile exited with 1: No space left" in output
    assert new_app.current.slug is None
