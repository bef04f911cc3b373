"""The slug: Python version, packages, files, size."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.platforms.paas.slug import Slug
from tests.support.repository import ROOT
from tests.support.servers import BIN

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("paas")]

PAGE = ROOT / "docs/deploying/paas.md"
PYTHON = (ROOT / ".python-version").read_text().strip()
LIMIT = 500  # MB, Heroku's
TOLERANCE = 0.1  # relative error of the documented size
MB = 1_000_000


def test_python_version_is_tested_by_ci() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    assert PYTHON in workflow["jobs"]["test"]["strategy"]["matrix"]["python"]


def test_every_package_has_a_wheel_for_the_python_of_the_platform(tmp_path: Path) -> None:
    """Platforms lack the headers of PostgreSQL, and compiling takes long."""
    platform = ["--python-version", PYTHON, "--python-platform", "x86_64-manylinux_2_28"]
    wanted = ["--only-binary", ":all:", "--require-hashes", "-r", "requirements.txt"]
    command = [str(BIN / "uv"), "pip", "install", "--dry-run", "--target", str(tmp_path)]
    completed = subprocess.run(
        [*command, *platform, *wanted], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if "error sending request" in completed.stderr:
        pytest.skip("The package index cannot be reached.")
    assert completed.returncode == 0, completed.stderr
    assert "Would install" in completed.stderr


def test_slug_contains_only_runtime_files(slug: Slug) -> None:
    there = {path.name for path in slug.folder.iterdir() if not path.name.startswith(".")}
    assert {"app", "bin", "manage.py", "migrations", "Procfile"} <= there
    assert there.isdisjoint({"benchmarks", "deploy", "docs", "tests"})
    packages = {path.name for path in slug.packages.glob("lib/*/site-packages/*")}
    assert "gunicorn" in packages
    assert packages.isdisjoint({"pip", "pytest", "playwright"})


def test_size_is_as_documented(slug: Slug) -> None:
    documented = re.search(r"(\d+) MB, (\d+) MB compressed", PAGE.read_text())
    assert documented is not None
    sizes = [unpacked(slug), packed(slug)]
    for size, figure in zip(sizes, documented.groups(), strict=True):
        assert size == pytest.approx(float(figure), rel=TOLERANCE), sizes
    assert sizes[0] < LIMIT / 2


def unpacked(slug: Slug) -> float:
    files = [*slug.folder.rglob("*"), *slug.packages.rglob("*")]
    return sum(path.lstat().st_size for path in files) / MB


def packed(slug: Slug) -> float:
    folders = [str(slug.folder), str(slug.packages)]
    command = ["tar", "--create", "--gzip", "--absolute-names", *folders]
    return len(subprocess.run(command, capture_output=True, check=True).stdout) / MB
