"""Errors of real servers and commands are emailed, and no request waits for the mail server."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.faulty_site import ADMIN, admin_emails, is_connected, silent_server
from tests.support.mailbox import Mailbox
from tests.support.servers import ROOT, Gunicorn, connect, production
from tests.support.waiting import TIMEOUT, wait_until

pytestmark = pytest.mark.slow

# Logs an error and exits at once.
LOG_AND_EXIT = "from app import create_app; create_app().logger.error('Broken'); print('Done')"
PRELOAD = pytest.mark.parametrize("arguments", [[], ["--preload"]], ids=["plain", "preload"])


@pytest.fixture
def environment(tmp_path: Path, mail_server: Mailbox) -> dict[str, str]:
    mail_server.clear()
    database = f"sqlite:///{tmp_path / 'site.sqlite'}"
    settings = mail_server.settings
    return production("http://127.0.0.1", database, FLASKY_ADMIN=ADMIN, **settings)


def faulty_gunicorn(environment: dict[str, str], *arguments: str) -> Gunicorn:
    server = Gunicorn(environment, "--workers", "2", *arguments)
    server.command[1] = "tests.platforms.server.faulty_wsgi:app"
    return server


def open_pages(server: Gunicorn, paths: Iterable[str]) -> Counter[int]:
    """Request one page after the other; count the responses by status."""
    seen: Counter[int] = Counter()
    connection = connect(server.bind)
    for path in paths:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        seen[response.status] += 1
    connection.close()
    return seen


def subjects(mailbox: Mailbox, word: str) -> list[str]:
    return [mail.subject for mail in mailbox.to(ADMIN) if word in mail.subject]


@PRELOAD
def test_error_in_a_worker_is_emailed_once(
    arguments: list[str], environment: dict[str, str], mail_server: Mailbox
) -> None:
    with faulty_gunicorn(environment, *arguments) as server:
        assert open_pages(server, ["/fault/1"]) == {500: 1}
        wait_until(lambda: subjects(mail_server, "Fault1"), "the email arrives")

    assert subjects(mail_server, "Fault1") == ["[Flasky] Fault1 in fault"]
    # With --preload, the master has started its email thread before it forks.
    loaded = len(subjects(mail_server, "Broken at import"))
    assert loaded == (1 if arguments else 2)


@PRELOAD
def test_error_right_before_the_exit_is_emailed(
    arguments: list[str], environment: dict[str, str], mail_server: Mailbox
) -> None:
    with faulty_gunicorn(environment, *arguments) as server:
        open_pages(server, [f"/fault/{number}" for number in range(5)])
        exit_code = server.stop()

    assert exit_code == 0
    assert len(subjects(mail_server, "Fault")) >= 5


def test_unresponsive_mail_server_blocks_neither_requests_nor_the_exit(
    environment: dict[str, str],
) -> None:
    with silent_server() as hole:
        port = str(hole.getsockname()[1])
        silent = environment | {"MAIL_PORT": port, "MAIL_TIMEOUT": "600"}
        # Longer than the test waits, so that gunicorn kills no worker.
        with faulty_gunicorn(silent, "--graceful-timeout", "600") as server:
            answers = open_pages(server, [f"/fault/{number}" for number in range(100)])
            connection, _peer = hole.accept()
            with connection:
                assert is_connected(connection)
                exit_code = server.stop()

    assert answers == {500: 100}
    assert exit_code == 0


def test_thousands_of_errors_are_few_emails(
    environment: dict[str, str], mail_server: Mailbox
) -> None:
    paths = [f"/fault/{number % 3}" for number in range(500)]
    with faulty_gunicorn(environment, "--threads", "4") as server:
        with ThreadPoolExecutor(4) as pool:
            answers = sum(pool.map(lambda _: open_pages(server, paths), range(4)), Counter())
        admin_emails(mail_server)

    assert answers == {500: 2_000}
    # Three kinds of errors in two processes.
    assert 3 <= len(subjects(mail_server, "Fault")) <= 6


def run_briefly(environment: dict[str, str]) -> str:
    command = [sys.executable, "-c", LOG_AND_EXIT]
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    return ended.stdout


def test_error_of_a_command_that_exits_at_once_is_emailed(
    environment: dict[str, str], mail_server: Mailbox
) -> None:
    run_briefly(environment)

    assert len(mail_server.to(ADMIN)) == 1


def test_unresponsive_mail_server_does_not_block_the_exit_of_a_command(
    environment: dict[str, str],
) -> None:
    with silent_server() as hole:
        port = str(hole.getsockname()[1])
        shown = run_briefly(environment | {"MAIL_PORT": port, "MAIL_TIMEOUT": "600"})

    assert shown == "Done\n"
