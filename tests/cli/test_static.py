"""`flask static collect` copies the static files of this release and keeps earlier ones."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.app_factory import make_app
from tests.support.releases import collect, make_release, static_url
from tests.support.repository import ROOT

SHEET = "css/page.css"


def copies(folder: Path) -> set[str]:
    """Return the URL paths of the copies."""
    files = (folder / "collected").rglob("*.*.*")
    return {f"/{path.relative_to(folder / 'collected').as_posix()}" for path in files}


def test_files_are_copied_once(tmp_path: Path) -> None:
    site = make_release(tmp_path)

    output = collect(site)

    paths = {static_url(site, name) for name in (SHEET, "img/dot.svg", "img/photo.png")}
    assert paths <= copies(tmp_path)
    assert output == (
        f"{tmp_path}/collected: 3 written, 0 unchanged, 0 of earlier releases kept, 0 pruned.\n"
    )
    assert "0 written, 3 unchanged, 0 of earlier" in collect(site)


def test_files_of_the_previous_release_are_kept(tmp_path: Path) -> None:
    old = make_release(tmp_path)
    new = make_release(tmp_path, {SHEET: "p { color: red }"})
    collect(old)

    output = collect(new, "--prune-days", "1")

    assert "1 written, 2 unchanged, 1 of earlier releases kept, 0 pruned" in output
    assert {static_url(old, SHEET), static_url(new, SHEET)} <= copies(tmp_path)


def test_hidden_files_are_not_copied(tmp_path: Path) -> None:
    collect(make_release(tmp_path, {".git/config": "secret", "css/.page.css.swp": "draft"}))

    assert len(copies(tmp_path)) > 3
    assert not [path for path in copies(tmp_path) if "git" in path or "swp" in path]


@pytest.mark.slow  # compresses all of Bootstrap
def test_unused_files_of_bootstrap_are_not_copied(tmp_path: Path) -> None:
    themed = make_app(STATIC_ROOT=str(tmp_path / "collected"))
    themed.config["BOOTSTRAP_BOOTSWATCH_THEME"] = "Lux"
    collect(themed)

    paths = copies(tmp_path)
    assert any(path.startswith("/bootstrap/static/css/bootstrap.min.") for path in paths)
    assert {path.split("/")[5] for path in paths if "bootswatch" in path} == {"lux"}
    assert not [path for path in paths if ".map" in path or ".scss" in path]


def error(static_root: str, *arguments: str) -> str:
    """Return the error message of `flask static collect`."""
    runner = make_app(STATIC_ROOT=static_root).test_cli_runner()
    result = runner.invoke(args=["static", "collect", *arguments])
    assert result.exit_code in {1, 2}
    assert "Traceback" not in result.output
    return result.output.strip().splitlines()[-1]


def test_unwritable_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    for folder in ("/sys/collected", str(tmp_path / "file"), str(tmp_path / "file/below")):
        line = error(folder)
        assert line.startswith("Error: Cannot collect the static files: [Errno ")
        assert line.endswith(
            "Set STATIC_ROOT to a folder with free space that this user can write to."
        )


def test_folder_of_original_files_is_an_error() -> None:
    for folder in (".", "app", "app/static", "app/static/collected"):
        assert "contains the original files. Set it to a separate folder." in error(folder)


def test_files_are_kept_for_at_least_a_day(tmp_path: Path) -> None:
    assert "--prune-days" in error(str(tmp_path), "--prune-days", "0")


def test_circular_import_is_an_error(tmp_path: Path) -> None:
    circle = {"js/a.js": 'import "./b.js";', "js/b.js": 'import "./a.js";'}
    result = make_release(tmp_path, circle).test_cli_runner().invoke(args=["static", "collect"])

    assert result.exit_code == 1
    assert "js/a.js → js/b.js → js/a.js" in result.output


@pytest.mark.slow
def test_full_disk_leaves_no_partial_file(tmp_path: Path) -> None:
    def limit_file_size() -> None:  # below that of Bootstrap's style sheet
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    run = subprocess.run(
        [sys.executable, "-m", "flask", "static", "collect"],
        cwd=ROOT,
        env={"STATIC_ROOT": str(tmp_path / "collected"), "FLASK_CONFIG": "development"}
        | {"FLASK_APP": "manage.py"},
        preexec_fn=limit_file_size,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("Error: Cannot collect the static files: [Errno 27]")
    assert (tmp_path / "collected").is_dir()
    assert not [path for path in copies(tmp_path) if "bootstrap.min" in path and ".css" in path]
