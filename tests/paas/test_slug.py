"""What a push becomes: which Python, which packages, which files, and how large it all is."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.paas.slug import Slug
from tests.repository import ROOT
from tests.system.servers import BIN

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("paas")]

PAGE = ROOT / "docs/deploying/paas.md"
PYTHON = (ROOT / ".python-version").read_text().strip()
LIMIT = 500  # MB, Heroku's
LIKENESS = 0.1  # how far off the page may be
MB = 1_000_000


def test_python_is_one_that_the_build_tests() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    assert PYTHON in workflow["jobs"]["test"]["strategy"]["matrix"]["python"]


def test_no_package_has_to_be_compiled_for_the_python_of_the_platform(tmp_path: Path) -> None:
    """A platform has a compiler, but not the headers of PostgreSQL, and people have no time."""
    platform = ["--python-version", PYTHON, "--python-platform", "x86_64-manylinux_2_28"]
    wanted = ["--only-binary", ":all:", "--require-hashes", "-r", "requirements.txt"]
    command = [str(BIN / "uv"), "pip", "install", "--dry-run", "--target", str(tmp_path)]
    done = subprocess.run(
        [*command, *platform, *wanted], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if "error sending request" in done.stderr:
        pytest.skip("The package index cannot be reached.")
    assert done.returncode == 0, done.stderr
    assert "Would install" in done.stderr


def test_only_what_runs_is_in_it(slug: Slug) -> None:
    there = {path.name for path in slug.folder.iterdir() if not path.name.startswith(".")}
    assert {"app", "bin", "manage.py", "migrations", "Procfile"} <= there
    assert there.isdisjoint({"benchmarks", "deploy", "docs", "tests"})
    packages = {path.name for path in slug.packages.glob("lib/*/site-packages/*")}
    assert "gunicorn" in packages
    assert packages.isdisjoint({"pip", "pytest", "playwright"})


def test_size_is_what_the_page_says(slug: Slug) -> None:
    told = re.search(r"(\d+) MB, (\d+) MB compressed", PAGE.read_text())
    assert told is not None
    sizes = [unpacked(slug), packed(slug)]
    for size, figure in zip(sizes, told.groups(), strict=True):
        assert size == pytest.approx(float(figure), rel=LIKENESS), sizes
    assert sizes[0] < LIMIT / 3


def unpacked(slug: Slug) -> float:
    files = [*slug.folder.rglob("*"), *slug.packages.rglob("*")]
    return sum(path.lstat().st_size for path in files) / MB


def packed(slug: Slug) -> float:
    folders = [str(slug.folder), str(slug.packages)]
    command = ["tar", "--create", "--gzip", "--absolute-names", *folders]
    return len(subprocess.run(command, capture_output=True, check=True).stdout) / MB
