"""The project's environment, its requirements, and `hosting export`."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from hosting import project
from hosting.cli import main

POST_COMPILE = """#!/bin/sh
mkdir -p "$STATIC_ROOT/static" && echo "body {}" >"$STATIC_ROOT/static/base.css"
"""


def test_active_environment_has_precedence_over_dot_venv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert project.environment(tmp_path) is None
    for name in (".venv", "active"):
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "bin/python").symlink_to(sys.executable)
    assert project.environment(tmp_path) == tmp_path / ".venv"
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "active"))
    assert project.environment(tmp_path) == tmp_path / "active"


def test_installed_packages_are_listed() -> None:
    assert project.installed(Path(sys.executable).parents[1])["click"]


def test_differences_from_the_requirements_are_shown(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(
        "-r more.txt\nclick[x]==0.1 \\\n    --hash=sha256:00\nno-such-thing==1\n"
        "elsewhere==2 ; sys_platform == 'win32'\n# comment==1\n"
    )
    (tmp_path / "more.txt").write_text("Flask_SQLAlchemy==3\n")

    shown = project.difference(tmp_path, {"click": "8", "flask-sqlalchemy": "3"}).splitlines()

    assert [line for line in shown if line[0] in "+-"][2:] == [
        "-click==0.1", "-no-such-thing==1", "+click==8",
    ]  # fmt: skip
    assert project.difference(tmp_path, {}).count("\n-") == 3


def test_export_is_reproducible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/post_compile").write_text(POST_COMPILE)
    (tmp_path / "bin/post_compile").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    identity = ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.com"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "All"]):
        subprocess.run([*identity, *command], check=True)
    archives = []
    for _ in range(2):
        done = CliRunner().invoke(main, ["export"])
        assert done.exit_code == 0, done.output
        archives.append([Path(f"{part}end.zip").read_bytes() for part in ("front", "back")])

    assert archives[0] == archives[1]
    assert zipfile.ZipFile("frontend.zip").namelist() == ["static/base.css"]
    assert "bin/post_compile" in zipfile.ZipFile("backend.zip").namelist()
