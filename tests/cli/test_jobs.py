"""`flask jobs`: list, retry and delete background jobs."""

from datetime import timedelta
from importlib import import_module

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from app.extensions import db
from app.models import Job, utcnow
from tests.jobs.conftest import register_job


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The arguments of completed jobs called `work`; the argument "bad" makes them fail."""
    completed: list[str] = []

    def work(argument: str) -> None:
        if argument == "bad":
            raise RuntimeError("It failed.")
        completed.append(argument)

    register_job(monkeypatch, "work", work)
    return completed


def create_job(app: Flask, argument: str, **columns: object) -> int:
    """Add a job called `work`, which is due in an hour; return its id."""
    with app.app_context():
        job = Job(name="work", arguments=[argument])
        db.session.add(job)
        db.session.flush()
        for name, value in ({"run_at": utcnow() + timedelta(hours=1)} | columns).items():
            setattr(job, name, value)
        db.session.commit()
        return job.id


def create_failed_job(app: Flask, argument: str, **columns: object) -> int:
    error = "RuntimeError: It failed."
    return create_job(app, argument, attempts=1, last_error=error, **columns)


def test_list_shows_failed_jobs(app: Flask, runner: FlaskCliRunner) -> None:
    empty = runner.invoke(args=["jobs", "list"]).stdout
    assert empty == "No failed jobs.\n0 jobs in total.\n"
    first, second = create_failed_job(app, "a"), create_failed_job(app, "b", run_at=None)
    create_job(app, "c")

    retrying, discarded, total = runner.invoke(args=["jobs", "list"]).stdout.splitlines()

    assert retrying.startswith(f"{first}  ")
    assert 'work("a")  (retrying, due 20' in retrying
    assert discarded.startswith(f"{second}  ")
    assert 'work("b")  (discarded, attempts: 1: RuntimeError: It failed.)' in discarded
    assert total == "3 jobs in total."


def test_list_shows_all_jobs(app: Flask, runner: FlaskCliRunner) -> None:
    assert runner.invoke(args=["jobs", "list", "--all"]).stdout.startswith("No jobs.\n")
    create_job(app, "a")
    create_job(app, "b", claimed_by="web1:17:cafe")

    output = runner.invoke(args=["jobs", "list", "--all"]).stdout
    limited = runner.invoke(args=["jobs", "list", "--all", "--limit", "1"]).stdout

    pending, running, total = output.splitlines()
    assert 'work("a")  (pending, due 20' in pending
    assert 'work("b")  (running, attempts: 0, by web1:17:cafe)' in running
    assert limited.splitlines() == [pending, total]


def test_retry_runs_one_job(app: Flask, runner: FlaskCliRunner, results: list[str]) -> None:
    first, _second = create_failed_job(app, "a", run_at=None), create_failed_job(app, "b")

    result = runner.invoke(args=["jobs", "retry", str(first)])

    assert (result.exit_code, result.stdout) == (0, "1 succeeded, 0 failed.\n")
    assert results == ["a"]
    assert 'work("b")' in runner.invoke(args=["jobs", "list"]).stdout


def test_retry_all_lists_jobs_that_fail_again(
    app: Flask, runner: FlaskCliRunner, results: list[str]
) -> None:
    create_failed_job(app, "a")
    create_failed_job(app, "bad")
    create_job(app, "new")

    result = runner.invoke(args=["jobs", "retry", "--all"])

    assert (result.exit_code, results) == (1, ["a"])
    line, summary = result.stdout.splitlines()
    assert summary == "1 succeeded, 1 failed."
    assert "attempts: 2" in line


def test_retry_all_runs_each_job_of_several_batches_once(
    app: Flask, runner: FlaskCliRunner, results: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("app.cli.jobs"), "BATCH", 2)
    for argument in ("a", "bad", "b", "c", "bad"):
        create_failed_job(app, argument)

    result = runner.invoke(args=["jobs", "retry", "--all"])

    assert (result.exit_code, results) == (1, ["a", "b", "c"])
    assert result.stdout.splitlines()[-1] == "3 succeeded, 2 failed."


def test_running_job_is_not_run_twice(
    app: Flask, runner: FlaskCliRunner, results: list[str]
) -> None:
    job_id = create_job(app, "a", claimed_by="another process")

    result = runner.invoke(args=["jobs", "retry", str(job_id)])

    assert (result.exit_code, results) == (1, [])
    assert "(running, attempts: 0, by another process)" in result.stdout


def test_delete_deletes_one_job(app: Flask, runner: FlaskCliRunner) -> None:
    first, _second = create_failed_job(app, "a"), create_failed_job(app, "b")

    result = runner.invoke(args=["jobs", "delete", str(first)])

    assert (result.exit_code, result.stdout) == (0, f"Deleted job {first}.\n")
    listed = runner.invoke(args=["jobs", "list"]).stdout
    assert 'work("a")' not in listed
    assert 'work("b")' in listed


def test_invalid_arguments_are_errors(runner: FlaskCliRunner) -> None:
    for arguments, code, message in (
        ("retry 77", 1, "No job has the ID 77. See: flask jobs list --all"),
        ("delete 77", 1, "No job has the ID 77. See: flask jobs list --all"),
        ("retry", 2, "Give the ID of a job, or --all."),
        ("retry 1 --all", 2, "Give the ID of a job, or --all."),
    ):
        result = runner.invoke(args=["jobs", *arguments.split()])

        assert (result.exit_code, message in result.stderr) == (code, True), result.stderr
