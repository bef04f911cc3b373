"""Tests of one xdist group share a server, so they must run in one worker process."""

import pytest

pytestmark = pytest.mark.xdist_group("groups")


@pytest.mark.parametrize("number", range(6))
def test_tests_of_a_group_run_in_one_worker(
    worker_id: str, number: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = tmp_path_factory.getbasetemp()
    # With xdist, each worker has its own directory below that of the run.
    directory = (base.parent if worker_id != "master" else base) / "groups"
    directory.mkdir(exist_ok=True)
    (directory / str(number)).write_text(worker_id)

    assert {file.read_text() for file in directory.iterdir()} == {worker_id}
