"""The state of a job follows from its columns."""

from datetime import timedelta
from typing import Any

import pytest

from app.models import Job, utcnow

SOON = timedelta(hours=1)


@pytest.mark.parametrize(
    ("columns", "state"),
    [
        ({}, "pending"),
        ({"run_at": SOON}, "pending"),
        ({"last_error": "x"}, "retrying"),
        ({"claimed_by": "process", "run_at": SOON}, "running"),
        ({"claimed_by": "killed process", "run_at": -SOON}, "pending"),
        ({"run_at": None, "last_error": "x"}, "discarded"),
    ],
)
def test_state_of_a_job(columns: dict[str, Any], state: str) -> None:
    """`run_at` is relative to the present."""
    columns = {"run_at": timedelta(0)} | columns
    if columns["run_at"] is not None:
        columns["run_at"] += utcnow()
    job = Job(**columns)

    assert job.state == state
