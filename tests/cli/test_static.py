"""`flask static collect`: copies of every file that pages lead to, of this release and before."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.releases import address, collect, release
from tests.repository import ROOT
from tests.settings import make_app

SHEET = "css/page.css"


def copies(folder: Path, suffix: str = "") -> set[str]:
    """Return the addresses of the copies."""
    found = (folder / "collected").rglob(f"*.*.*{suffix}")
    return {f"/{path.relative_to(folder / 'collected').as_posix()}" for path in found}


def test_every_file_is_collected_under_its_address(tmp_path: Path) -> None:
    site = release(tmp_path)

    said = collect(site)

    addresses = {address(site, name) for name in (SHEET, "img/dot.svg", "img/photo.png")}
    assert addresses <= copies(tmp_path)
    assert said == (
        f"{tmp_path}/collected: 3 written, 0 unchanged, 0 of earlier releases kept, 0 pruned.\n"
    )


def test_running_twice_changes_nothing(tmp_path: Path) -> None:
    site = release(tmp_path)
    collect(site)

    assert "0 written, 3 unchanged, 0 of earlier" in collect(site)


def test_earlier_release_stays(tmp_path: Path) -> None:
    old = release(tmp_path)
    new = release(tmp_path, {SHEET: "p { color: red }"})
    collect(old)

    said = collect(new, "--prune-days", "1")

    assert "1 written, 2 unchanged, 1 of earlier releases kept, 0 pruned" in said
    assert {address(old, SHEET), address(new, SHEET)} <= copies(tmp_path)


@pytest.mark.slow  # compresses all of Bootstrap
def test_what_bootstrap_brings_and_no_page_leads_to_is_left_out(tmp_path: Path) -> None:
    themed = make_app(STATIC_COLLECTED=str(tmp_path / "collected"))
    themed.config["BOOTSTRAP_BOOTSWATCH_THEME"] = "Lux"
    collect(themed)

    found = copies(tmp_path)
    assert any(path.startswith("/bootstrap/static/css/bootstrap.min.") for path in found)
    assert {path.split("/")[5] for path in found if "bootswatch" in path} == {"lux"}
    assert not [path for path in found if ".map" in path or ".scss" in path]


def refused(site_folder: str, *arguments: str) -> str:
    """Return the one line that is said when nothing can be collected there."""
    runner = make_app(STATIC_COLLECTED=site_folder).test_cli_runner()
    result = runner.invoke(args=["static", "collect", *arguments])
    assert result.exit_code in {1, 2}
    assert "Traceback" not in result.output
    return result.output.strip().splitlines()[-1]


def test_folder_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    for folder in ("/sys/collected", str(tmp_path / "file"), str(tmp_path / "file/below")):
        line = refused(folder)
        assert line.startswith("Error: The static files were not collected: [Errno ")
        assert line.endswith("Set STATIC_COLLECTED to a folder that this user may write to.")


@pytest.mark.parametrize("folder", [".", "app", "app/static", "app/static/collected"])
def test_folder_of_sources_is_refused(folder: str) -> None:
    line = refused(folder)

    assert "holds static files already. Choose a folder of its own." in line


def test_damaged_manifest_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / ".manifest.json").write_text("{")

    assert "cannot be read. Delete it and collect again" in refused(str(tmp_path))


def test_files_of_no_day_are_not_kept(tmp_path: Path) -> None:
    assert "--prune-days" in refused(str(tmp_path), "--prune-days", "0")


def test_circle_of_references_is_told_in_one_line(tmp_path: Path) -> None:
    circle = {"js/a.js": 'import "./b.js";', "js/b.js": 'import "./a.js";'}
    result = release(tmp_path, circle).test_cli_runner().invoke(args=["static", "collect"])

    assert result.exit_code == 1
    assert "js/a.js → js/b.js → js/a.js" in result.output


@pytest.mark.slow
def test_disk_that_takes_no_more_leaves_no_half_file(tmp_path: Path) -> None:
    def bound_files() -> None:  # Bootstrap's style sheet is larger
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    run = subprocess.run(
        [sys.executable, "-m", "flask", "static", "collect"],
        cwd=ROOT,
        env={"STATIC_COLLECTED": str(tmp_path / "collected"), "FLASK_CONFIG": "development"}
        | {"FLASK_APP": "manage.py"},
        preexec_fn=bound_files,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("Error: The static files were not collected: [Errno 27]")
    assert (tmp_path / "collected").is_dir()
    assert not [path for path in copies(tmp_path) if "bootstrap.min" in path and ".css" in path]
    assert not (tmp_path / "collected/.manifest.json").exists()
