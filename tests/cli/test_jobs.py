"""`flask jobs`: what failed can be seen, tried again and forgotten."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from app import jobs
from app.extensions import db
from app.jobs import registry
from app.models import FailedJob, utcnow
from tests.mailbox import free_port
from tests.settings import make_app

NO_QUEUE = "No queue is configured: each process does its own jobs.\n"


@pytest.fixture
def baked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the job `bake` has made of good flour; bad flour makes it fail."""
    baked: list[str] = []

    def bake(loaf: str) -> None:
        if loaf == "bad":
            raise RuntimeError("It is raw.")
        baked.append(loaf)

    monkeypatch.setitem(registry._jobs, "bake", registry.Job("bake", bake, swept=False))
    return baked


def fail(app: Flask, loaf: str, given_up: bool = False) -> int:
    with app.app_context():
        row = FailedJob(name="bake", arguments=[loaf])
        row.mark_failed("RuntimeError: It is raw.")
        row.retry_at = None if given_up else utcnow()
        db.session.add(row)
        db.session.commit()
        return row.id


def test_nothing_failed(runner: FlaskCliRunner) -> None:
    assert runner.invoke(args=["jobs", "list"]).stdout == f"No job has failed.\n{NO_QUEUE}"


def test_list_shows_what_failed_why_and_what_comes_next(
    app: Flask, runner: FlaskCliRunner
) -> None:
    first, second = fail(app, "rye"), fail(app, "bad", given_up=True)

    again, given_up, _queue = runner.invoke(args=["jobs", "list"]).stdout.splitlines()

    assert again.startswith(f"{first}  ")
    assert given_up.startswith(f"{second}  ")
    assert 'bake("rye")  (again 20' in again
    assert 'bake("bad")  (given up, attempts: 1: RuntimeError: It is raw.)' in given_up


def test_retry_does_one_job(app: Flask, runner: FlaskCliRunner, baked: list[str]) -> None:
    first, second = fail(app, "rye", given_up=True), fail(app, "wheat")

    result = runner.invoke(args=["jobs", "retry", str(first)])

    assert (result.exit_code, result.stdout) == (0, "1 done, 0 failed again.\n")
    assert baked == ["rye"]
    assert f"{second}  " in runner.invoke(args=["jobs", "list"]).stdout


@pytest.mark.usefixtures("baked")
def test_retry_of_all_tells_what_failed_again(app: Flask, runner: FlaskCliRunner) -> None:
    fail(app, "rye")
    fail(app, "bad")

    result = runner.invoke(args=["jobs", "retry", "--all"])

    assert result.exit_code == 1
    told, line = result.stdout.splitlines()
    assert told == "1 done, 1 failed again."
    assert "attempts: 2" in line


def test_forget_forgets_one_job(app: Flask, runner: FlaskCliRunner) -> None:
    first, second = fail(app, "rye"), fail(app, "wheat")

    result = runner.invoke(args=["jobs", "forget", str(first)])

    assert (result.exit_code, result.stdout) == (0, f"Forgot job {first}.\n")
    listed = runner.invoke(args=["jobs", "list"]).stdout
    assert "rye" not in listed
    assert f"{second}  " in listed


@pytest.mark.parametrize("command", ["retry", "forget"])
def test_unknown_number_is_told(runner: FlaskCliRunner, command: str) -> None:
    result = runner.invoke(args=["jobs", command, "77"])

    assert result.exit_code == 1
    assert "No failed job has the number 77: see flask jobs list." in result.stderr


@pytest.mark.parametrize("words", [[], ["1", "--all"]], ids=["nothing", "both"])
def test_retry_asks_which(runner: FlaskCliRunner, words: list[str]) -> None:
    result = runner.invoke(args=["jobs", "retry", *words])

    assert result.exit_code == 2
    assert "Name one job by its number, or say --all." in result.stderr


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/queue.sqlite"


@pytest.fixture
def queued(app: Flask, url: str) -> Iterator[Flask]:
    database = app.config["SQLALCHEMY_DATABASE_URI"]
    other = make_app(SQLALCHEMY_DATABASE_URI=database, QUEUE_URL=url)
    yield other
    with other.app_context():
        db.engine.dispose()


def test_list_counts_what_waits_in_the_queue(queued: Flask, url: str) -> None:
    queue = jobs.queue_of(queued)
    assert queue is not None
    queue.put("deliver_letter", [1])

    shown = queued.test_cli_runner().invoke(args=["jobs", "list"]).stdout

    assert shown.endswith(f"1 in the queue {url}.\n")


@pytest.mark.parametrize("url", [f"redis://:sesame@127.0.0.1:{free_port()}/0"], ids=["nobody"])
def test_list_works_without_the_queue(queued: Flask) -> None:
    result = queued.test_cli_runner().invoke(args=["jobs", "list"])

    assert result.exit_code == 0
    assert "The queue cannot be reached: redis://127.0.0.1:" in result.stdout
    assert "sesame" not in result.output
