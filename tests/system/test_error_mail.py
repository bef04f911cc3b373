"""Errors of real servers and programs are mailed, and nobody waits for the mail server."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faulty_site import ADMIN, PATIENCE, black_hole, is_open, mails, wait_until
from tests.mailbox import Mailbox
from tests.system.servers import ROOT, Gunicorn, connect, production

pytestmark = pytest.mark.slow

# A program that logs an error and ends at once.
BRIEF = "from app import create_app; create_app().logger.error('Broken'); print('Done')"
PRELOAD = pytest.mark.parametrize("arguments", [[], ["--preload"]], ids=["plain", "preload"])


@pytest.fixture
def environment(tmp_path: Path, mail_server: Mailbox) -> dict[str, str]:
    mail_server.clear()
    database = f"sqlite:///{tmp_path / 'site.sqlite'}"
    settings = mail_server.settings
    return production("http://127.0.0.1", database, FLASKY_ADMIN=ADMIN, **settings)


def faulty_gunicorn(environment: dict[str, str], *arguments: str) -> Gunicorn:
    server = Gunicorn(environment, "--workers", "2", *arguments)
    server.command[1] = "tests.system.faulty_wsgi:app"
    return server


def open_pages(server: Gunicorn, paths: Iterable[str]) -> Counter[int]:
    """Open one page after the other; count the answers by their status."""
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
def test_error_in_a_worker_is_one_mail(
    arguments: list[str], environment: dict[str, str], mail_server: Mailbox
) -> None:
    with faulty_gunicorn(environment, *arguments) as server:
        assert open_pages(server, ["/fault/1"]) == {500: 1}
        wait_until(lambda: subjects(mail_server, "Fault1"), "the mail came")

    assert subjects(mail_server, "Fault1") == ["[Flasky] Fault1 in fault"]
    # The first process had a thread for mails when it forked the others, if it was --preload.
    loaded = len(subjects(mail_server, "Broken while loading"))
    assert loaded == (1 if arguments else 2)


@PRELOAD
def test_error_right_before_the_end_is_mailed(
    arguments: list[str], environment: dict[str, str], mail_server: Mailbox
) -> None:
    with faulty_gunicorn(environment, *arguments) as server:
        open_pages(server, [f"/fault/{number}" for number in range(5)])
        exit_code = server.stop()

    assert exit_code == 0
    assert len(subjects(mail_server, "Fault")) >= 5


def test_mail_server_that_says_nothing_keeps_no_page_and_no_worker(
    environment: dict[str, str],
) -> None:
    with black_hole() as hole:
        port = str(hole.getsockname()[1])
        silent = environment | {"MAIL_PORT": port, "MAIL_TIMEOUT": "600"}
        # gunicorn itself would be too patient for this test, and not kill anybody.
        with faulty_gunicorn(silent, "--graceful-timeout", "600") as server:
            answers = open_pages(server, [f"/fault/{number}" for number in range(100)])
            connection, _peer = hole.accept()
            with connection:
                assert is_open(connection)
                exit_code = server.stop()

    assert answers == {500: 100}
    assert exit_code == 0


def test_ten_thousand_errors_are_a_handful_of_mails(
    environment: dict[str, str], mail_server: Mailbox
) -> None:
    paths = [f"/fault/{number % 3}" for number in range(2500)]
    with faulty_gunicorn(environment, "--threads", "4") as server:
        with ThreadPoolExecutor(4) as pool:
            answers = sum(pool.map(lambda _: open_pages(server, paths), range(4)), Counter())
        mails(mail_server)

    assert answers == {500: 10_000}
    assert 3 <= len(subjects(mail_server, "Fault")) <= 6  # three kinds, two processes


def run_briefly(environment: dict[str, str]) -> str:
    command = [sys.executable, "-c", BRIEF]
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return ended.stdout


def test_error_of_a_program_that_ends_at_once_is_mailed(
    environment: dict[str, str], mail_server: Mailbox
) -> None:
    run_briefly(environment)

    assert len(mail_server.to(ADMIN)) == 1


def test_mail_server_that_says_nothing_keeps_no_program_from_ending(
    environment: dict[str, str],
) -> None:
    with black_hole() as hole:
        port = str(hole.getsockname()[1])
        shown = run_briefly(environment | {"MAIL_PORT": port, "MAIL_TIMEOUT": "600"})

    assert shown == "Done\n"
