"""Jobs are found by function, and listed by priority."""

import pytest

from app import jobs
from app.jobs import registry
from app.mail.outbox import send_outbox_email
from tests.jobs.conftest import register_job


def test_job_is_found_by_its_function() -> None:
    job = registry.job_of(send_outbox_email)

    assert (job.name, job.function) == ("send_outbox_email", send_outbox_email)


@pytest.mark.usefixtures("export")
def test_function_of_the_same_name_is_not_the_job() -> None:
    def export() -> None:
        pass

    with pytest.raises(TypeError, match=r"decorate it with @job"):
        registry.job_of(export)


def test_two_jobs_cannot_share_a_name() -> None:
    def send_outbox_email() -> None:
        pass

    with pytest.raises(ValueError, match="Two jobs are called send_outbox_email"):
        jobs.job()(send_outbox_email)


def test_decorator_keeps_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_jobs", {})

    @jobs.job(jobs.LOW, max_attempts=2)
    def export() -> None:
        pass

    [job] = registry.registered_jobs()
    assert (job.name, job.function, job.priority) == ("export", export, jobs.LOW)
    assert (job.max_attempts, job.every, job.is_ready()) == (2, None, True)


def test_jobs_are_listed_by_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_jobs", {})
    for name, priority in (("export", jobs.LOW), ("email", jobs.HIGH), ("feed", 1)):
        register_job(monkeypatch, name, lambda: None, priority=priority)

    assert [job.name for job in registry.registered_jobs()] == ["email", "feed", "export"]
