"""The folder of copies holds this release and, for a while, earlier ones."""

import gzip
import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli
import pytest

from app.collecting import Collection, Outcome

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
A_MONTH = timedelta(days=30)
ONE = ("static/one.111111111111.css", b"p { margin: 0 }\n" * 99)
TWO = ("static/two.222222222222.css", b"b { margin: 0 }\n" * 99)
DENSE = ("static/dense.333333333333.css", b"a {}")


@pytest.fixture
def copies(tmp_path: Path) -> Collection:
    return Collection(tmp_path / "collected")


def files(copies: Collection) -> set[str]:
    """Return every file that could be served."""
    found = (path for path in copies.folder.rglob("*") if path.is_file())
    names = {path.relative_to(copies.folder).as_posix() for path in found}
    return names - {".manifest.json", ".lock"}


def test_copy_is_written_with_compressed_ones_that_hold_the_same(copies: Collection) -> None:
    copies.update([ONE], A_MONTH, NOON)

    name, content = ONE
    plain = copies.folder / name
    assert plain.read_bytes() == content
    assert gzip.decompress(Path(f"{plain}.gz").read_bytes()) == content
    assert brotli.decompress(Path(f"{plain}.br").read_bytes()) == content


@pytest.mark.parametrize("name", ["static/dense.333333333333.css", "static/a.333333333333.png"])
def test_what_does_not_shrink_is_not_compressed(copies: Collection, name: str) -> None:
    copies.update([(name, b"a {}" if name.endswith("css") else ONE[1])], A_MONTH, NOON)

    assert files(copies) == {name}


def test_second_run_changes_nothing(copies: Collection) -> None:
    first = copies.update([ONE, TWO], A_MONTH, NOON)
    before = {name: (copies.folder / name).stat().st_mtime_ns for name in files(copies)}

    second = copies.update([ONE, TWO], A_MONTH, NOON)

    assert (first, second) == (Outcome(written=2), Outcome(unchanged=2))
    assert {name: (copies.folder / name).stat().st_mtime_ns for name in files(copies)} == before


def test_damaged_copy_is_written_anew(copies: Collection) -> None:
    copies.update([ONE], A_MONTH, NOON)
    (copies.folder / ONE[0]).write_text("")

    assert copies.update([ONE], A_MONTH, NOON) == Outcome(written=1)
    assert (copies.folder / ONE[0]).read_bytes() == ONE[1]


def test_file_stays_for_a_while_after_the_release_that_had_it(copies: Collection) -> None:
    copies.update([ONE, TWO], A_MONTH, NOON)
    a_year_later = NOON + timedelta(days=365)

    # That release has served for a year; its pages are open now.
    assert copies.update([TWO], A_MONTH, a_year_later) == Outcome(unchanged=1, kept=1)
    last_moment = a_year_later + A_MONTH - timedelta(seconds=1)
    assert copies.update([TWO], A_MONTH, last_moment) == Outcome(unchanged=1, kept=1)
    assert {ONE[0], f"{ONE[0]}.gz", f"{ONE[0]}.br"} < files(copies)

    pruned = copies.update([TWO], A_MONTH, a_year_later + A_MONTH)

    assert pruned == Outcome(unchanged=1, pruned=1)
    assert files(copies) == {TWO[0], f"{TWO[0]}.gz", f"{TWO[0]}.br"}
    assert copies.names() == [TWO[0]]


def test_file_that_a_rollback_brings_back_is_of_the_release_again(copies: Collection) -> None:
    copies.update([ONE], A_MONTH, NOON)
    copies.update([TWO], A_MONTH, NOON)
    copies.update([ONE], A_MONTH, NOON + timedelta(days=29))

    later = copies.update([ONE], A_MONTH, NOON + timedelta(days=99))

    assert later == Outcome(unchanged=1, pruned=1)
    assert ONE[0] in files(copies)


def test_file_that_was_never_collected_here_is_not_deleted(copies: Collection) -> None:
    copies.update([ONE], A_MONTH, NOON)
    (copies.folder / "static/mine.txt").write_text("mine")

    copies.update([TWO], A_MONTH, NOON)
    copies.update([TWO], A_MONTH, NOON + 2 * A_MONTH)

    assert "static/mine.txt" in files(copies)


def test_failing_run_leaves_the_list_as_it_was_and_no_half_file(copies: Collection) -> None:
    copies.update([ONE], A_MONTH, NOON)
    (copies.folder / "static/folder").write_text("in the way")

    with pytest.raises(OSError, match="static/folder"):
        copies.update([TWO, ("static/folder/x.444444444444.css", b"x")], A_MONTH, NOON)

    assert copies.names() == [ONE[0]]
    assert not (copies.folder / ".draft").exists()


def release(number: int) -> list[tuple[str, bytes]]:
    """Return files that are named after a digest of their content, as all copies are."""
    contents = [f"/* {number} {part} */\n".encode() * 2000 for part in range(5)]
    return [
        (f"static/{hashlib.sha256(content).hexdigest()[:12]}.css", content) for content in contents
    ]


def test_runs_at_once_wait_for_one_another_and_nobody_sees_half_a_file(
    copies: Collection,
) -> None:
    with ThreadPoolExecutor() as threads:
        runs = [
            threads.submit(Collection(copies.folder).update, release(number % 3), A_MONTH, NOON)
            for number in range(6)
        ]
        while not all(run.done() for run in runs):
            for path in copies.folder.glob("static/*.css"):
                assert hashlib.sha256(path.read_bytes()).hexdigest().startswith(path.stem)
    outcomes = [run.result() for run in runs]

    assert sum(outcome.written for outcome in outcomes) == 15
    assert len(copies.names()) == 15
    assert len(files(copies)) == 45
