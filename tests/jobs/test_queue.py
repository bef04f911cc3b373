"""Jobs are enqueued in a transaction, and each is claimed by one process at a time."""

from datetime import timedelta

import pytest
from flask import Flask

from app import jobs
from app.extensions import db
from app.jobs import queue
from app.models import Job, User, utcnow
from tests.jobs.conftest import Export, register_job
from tests.support.background_jobs import get_jobs, make_jobs_due

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]


@pytest.fixture(autouse=True)
def not_eager(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "JOBS_EAGER", False)


def enqueue(export: Export, argument: str, delay: float = 0, unique: bool = False) -> int:
    """Enqueue a job and commit; return its id."""
    jobs.enqueue(export, argument, delay=delay, unique=unique)
    db.session.commit()
    return get_jobs()[-1].id


def claim(by: str = "me") -> int | None:
    """Claim a job called `export` that is due; return its id, or None."""
    row = queue.claim(by, Job.name == "export", Job.run_at <= utcnow())
    return None if row is None else row.id


def test_job_is_enqueued_with_the_commit(export: Export) -> None:
    db.session.add(User(email="new@example.com", username="new"))
    before = utcnow()
    jobs.enqueue(export, 7, "x")
    db.session.commit()

    [job] = get_jobs()
    assert (job.name, job.arguments, job.attempts) == ("export", [7, "x"], 0)
    assert job.run_at is not None
    assert before <= job.run_at <= utcnow()
    assert job.state == "pending"


def test_job_is_dropped_on_rollback(export: Export) -> None:
    jobs.enqueue(export, 7)
    db.session.rollback()
    db.session.commit()

    assert get_jobs() == []


def test_rollback_to_a_savepoint_drops_only_the_jobs_after_it(export: Export) -> None:
    jobs.enqueue(export, "outer")
    savepoint = db.session.begin_nested()
    jobs.enqueue(export, "inner")
    savepoint.rollback()
    db.session.commit()

    assert [job.arguments for job in get_jobs()] == [["outer"]]


def test_unique_job_is_enqueued_once(export: Export) -> None:
    for argument in ("a", "a", "b"):
        enqueue(export, argument, unique=True)
    enqueue(export, "a")

    assert [job.arguments for job in get_jobs()] == [["a"], ["b"], ["a"]]


def test_arguments_must_be_json(export: Export) -> None:
    with pytest.raises(TypeError, match="Job export: pass ids"):
        jobs.enqueue(export, object())


def test_function_must_be_registered() -> None:
    with pytest.raises(TypeError, match=r"decorate it with @job"):
        jobs.enqueue(lambda: None)


def test_jobs_are_claimed_in_order_and_once(export: Export) -> None:
    enqueue(export, "later", delay=60)
    first, second = enqueue(export, "a"), enqueue(export, "b")

    assert [claim(), claim(), claim()] == [first, second, None]

    job = get_jobs()[1]
    assert (job.claimed_by, job.attempts, job.state) == ("me", 1, "running")


def test_job_with_a_delay_is_not_due_before(export: Export) -> None:
    before = utcnow()
    enqueue(export, "a", delay=60)

    [job] = get_jobs()
    assert job.run_at is not None
    assert timedelta(0) <= job.run_at - before - timedelta(seconds=60) <= timedelta(seconds=5)
    assert claim() is None
    make_jobs_due()
    assert claim() == job.id


def test_claim_of_a_killed_process_expires(export: Export) -> None:
    job_id = enqueue(export, "a")
    assert claim("killed") == job_id
    assert claim("other") is None

    make_jobs_due()

    assert claim("other") == job_id
    assert [(job.claimed_by, job.attempts) for job in get_jobs()] == [("other", 2)]


def test_periodic_jobs_are_enqueued_once(monkeypatch: pytest.MonkeyPatch, export: Export) -> None:
    register_job(monkeypatch, "export", export, every=timedelta(days=1))

    for _ in range(2):
        queue.enqueue_periodic_jobs()
        db.session.commit()

    names = [job.name for job in get_jobs()]
    assert {"delete_expired", "export", "prune_outbox"} <= set(names)
    assert len(set(names)) == len(names)
