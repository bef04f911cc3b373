"""Tests that share a server run in one process, one after the other: else each gets its own."""

import pytest

pytestmark = pytest.mark.xdist_group("groups")


@pytest.mark.parametrize("number", range(6))
def test_tests_of_a_group_run_in_one_process(
    worker_id: str, number: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = tmp_path_factory.getbasetemp()
    # Each process has a folder of its own in that of the run; alone, it has the run's.
    place = (base.parent if worker_id != "master" else base) / "groups"
    place.mkdir(exist_ok=True)
    (place / str(number)).write_text(worker_id)

    assert {file.read_text() for file in place.iterdir()} == {worker_id}
