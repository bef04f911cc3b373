"""`run`, `shell` and `psql` in the user's terminal."""

import os
import signal

from .hosted_app import HostedApp
from .terminal import Terminal
from .web import wait_until
from .workstation import HOSTING

ASK = "stty -echo; echo [$TERM]; read line; echo got $line; exit 7"


def in_terminal(app: HostedApp, *arguments: str) -> Terminal:
    """Start `hosting` in a terminal."""
    return Terminal([*HOSTING, *arguments], app.workstation.clone, app.workstation.environment)


def test_run_uses_the_terminal(tiny: HostedApp) -> None:
    with in_terminal(tiny, "run", "--", "sh", "-c", ASK) as terminal:
        terminal.answer("[dumb]", "hello")
        status = terminal.exit_status()

    assert status == 7
    assert "got hello" in terminal.output
    assert "Connection to" not in terminal.output


def test_shell_has_the_variables_of_the_release(tiny: HostedApp) -> None:
    with in_terminal(tiny, "shell") as terminal:
        terminal.answer("$ ", "echo release=$RELEASE in $PWD; exit")
        terminal.exit_status()

    number = tiny.release
    assert f"release={number} in /srv/tiny/releases/{number}/src" in terminal.output


def test_command_ends_with_its_terminal(tiny: HostedApp) -> None:
    find = "pgrep -x -u tiny sleep"
    script = "sleep 4322 & setsid sleep 4322 & echo started; exec sleep 4322"
    with in_terminal(tiny, "run", "--", "sh", "-c", script) as terminal:
        terminal.answer("started", "")
        wait_until(
            lambda: len(tiny.server.root(find, check=False).split()) == 3, "the commands run"
        )
        os.killpg(terminal.process.pid, signal.SIGKILL)
    wait_until(lambda: not tiny.server.root(find, check=False), "the commands have ended")


def test_psql_opens_the_database(site: HostedApp) -> None:
    with in_terminal(site, "psql") as terminal:
        terminal.answer("site=> ", "SELECT 40 + 2 AS sum;")
        terminal.answer("(1 row)", "\\q")
        assert terminal.exit_status() == 0
    piped = site.workstation.hosting("psql", stdin="SELECT 41 + 2 AS sum;").stdout

    assert "42" in terminal.output
    assert "43" in piped
