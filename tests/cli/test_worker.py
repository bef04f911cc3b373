"""`flask worker` needs a queue. What it does with one is shown in tests/system/test_jobs.py."""

import pytest
from flask.testing import FlaskCliRunner

from tests.settings import make_app


def test_worker_without_a_queue_says_so_in_one_line(runner: FlaskCliRunner) -> None:
    result = runner.invoke(args=["worker"])

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: No queue is configured: each process does its own jobs. "
        "Set QUEUE_URL for a worker.\n"
    )


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("sqlite:////nowhere/at/all/queue.sqlite", "sqlite:////nowhere/at/all/queue.sqlite"),
        ("redis://:sesame@localhost/0?socket_timeout=soon", "redis://localhost/0"),
    ],
    ids=["no such folder", "nonsense"],
)
def test_worker_with_a_queue_that_can_never_be_opened_says_so_in_one_line(
    url: str, place: str
) -> None:
    result = make_app(QUEUE_URL=url).test_cli_runner().invoke(args=["worker"])

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith(f"Error: The queue cannot be opened: {place}")
    assert "sesame" not in result.output
    assert "Traceback" not in result.output
