"""STATIC_ROOT contains the files of this release and, for a while, those of previous ones."""

import gzip
import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli
import pytest

from app.static_files.collect import CURRENT, write_release

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
MONTH = timedelta(days=30)
ONE = ("static/one.111111111111.css", b"p { margin: 0 }\n" * 99)
TWO = ("static/two.222222222222.css", b"b { margin: 0 }\n" * 99)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "collected"


def file_names(root: Path) -> set[str]:
    """Return the names of all files in the directory."""
    paths = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix() for path in paths} - {".lock"}


def test_files_are_written_and_compressed(root: Path) -> None:
    write_release(root, [ONE], MONTH, NOON)

    name, content = ONE
    path = root / name
    assert path.read_bytes() == content
    assert gzip.decompress(Path(f"{path}.gz").read_bytes()) == content
    assert brotli.decompress(Path(f"{path}.br").read_bytes()) == content


def test_incompressible_files_are_not_compressed(root: Path) -> None:
    files = [("static/small.333333333333.css", b"a {}"), ("static/a.333333333333.png", ONE[1])]

    write_release(root, files, MONTH, NOON)

    assert file_names(root) == {name for name, _content in files}


def test_modification_times_are_the_same_on_every_machine(root: Path) -> None:
    write_release(root, [ONE], MONTH, NOON)

    assert {(root / name).stat().st_mtime for name in file_names(root)} == {CURRENT}


def test_second_run_changes_nothing(root: Path) -> None:
    def times() -> dict[str, int]:
        names = file_names(root)
        return {name: (root / name).stat().st_mtime_ns for name in names}

    first = write_release(root, [ONE, TWO], MONTH, NOON)
    before = times()

    second = write_release(root, [ONE, TWO], MONTH, NOON)

    assert (first, second) == ({"written": 2}, {"unchanged": 2})
    assert times() == before


def test_damaged_file_is_written_again(root: Path) -> None:
    write_release(root, [ONE], MONTH, NOON)
    (root / ONE[0]).write_text("")

    assert write_release(root, [ONE], MONTH, NOON) == {"written": 1}
    assert (root / ONE[0]).read_bytes() == ONE[1]


def test_file_of_a_previous_release_is_kept_for_a_while(root: Path) -> None:
    write_release(root, [ONE, TWO], MONTH, NOON)
    dropped = NOON + timedelta(days=365)

    # The time counts from the release that drops the file, not from the one that added it.
    assert write_release(root, [TWO], MONTH, dropped) == {"unchanged": 1, "kept": 1}
    last_moment = dropped + MONTH - timedelta(seconds=1)
    assert write_release(root, [TWO], MONTH, last_moment) == {"unchanged": 1, "kept": 1}
    assert {ONE[0], f"{ONE[0]}.gz", f"{ONE[0]}.br"} < file_names(root)

    result = write_release(root, [TWO], MONTH, dropped + MONTH)

    assert result == {"unchanged": 1, "pruned": 1}
    assert file_names(root) == {TWO[0], f"{TWO[0]}.gz", f"{TWO[0]}.br"}


def test_rollback_restores_a_dropped_file(root: Path) -> None:
    write_release(root, [ONE], MONTH, NOON)
    write_release(root, [TWO], MONTH, NOON)
    write_release(root, [ONE], MONTH, NOON + timedelta(days=29))

    result = write_release(root, [ONE], MONTH, NOON + timedelta(days=99))

    assert result == {"unchanged": 1, "pruned": 1}
    assert ONE[0] in file_names(root)


def test_other_files_are_not_deleted(root: Path) -> None:
    write_release(root, [ONE], MONTH, NOON)
    (root / "static/mine.txt").write_text("mine")

    write_release(root, [TWO], MONTH, NOON)
    write_release(root, [TWO], MONTH, NOON + 2 * MONTH)

    assert "static/mine.txt" in file_names(root)


def test_remains_of_a_killed_run_are_overwritten(root: Path) -> None:
    root.mkdir()
    for name in (".draft", ".draft.br", ".draft.gz", ".lock"):
        (root / name).write_text("incomplete")

    write_release(root, [ONE], MONTH, NOON)

    assert file_names(root) == {ONE[0], f"{ONE[0]}.gz", f"{ONE[0]}.br"}
    assert brotli.decompress((root / f"{ONE[0]}.br").read_bytes()) == ONE[1]


def test_failed_run_drops_no_file(root: Path) -> None:
    write_release(root, [ONE], MONTH, NOON)
    (root / "static/folder").write_text("in the way")

    with pytest.raises(OSError, match="static/folder"):
        write_release(root, [TWO, ("static/folder/x.444444444444.css", b"x")], MONTH, NOON)

    assert write_release(root, [TWO], MONTH, NOON + 2 * MONTH)["kept"] == 1  # dropped only now


def release_files(number: int) -> list[tuple[str, bytes]]:
    """Return five files, each named by the hash of its content."""
    contents = [f"/* {number} {part} */\n".encode() * 2000 for part in range(5)]
    return [
        (f"static/{hashlib.sha256(content).hexdigest()[:12]}.css", content) for content in contents
    ]


def test_concurrent_runs_are_serialized_and_files_are_complete(root: Path) -> None:
    with ThreadPoolExecutor() as threads:
        runs = [
            threads.submit(write_release, root, release_files(number % 3), MONTH, NOON)
            for number in range(6)
        ]
        while not all(run.done() for run in runs):
            for path in root.glob("static/*.css"):
                assert hashlib.sha256(path.read_bytes()).hexdigest().startswith(path.stem)
    results = [run.result() for run in runs]

    assert sum(result["written"] for result in results) == 15
    assert len(file_names(root)) == 45
