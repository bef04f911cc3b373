"""Every lock file installs with the pip of Debian 12, even when its pins are not the newest.

Platforms run `pip install -r requirements.txt` with their own version of pip. Before 23.3, pip
takes the newest release of a package that is required with an extra, unless the lock file names
the extra too.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.repository import ROOT

OLDEST_PIP = "23.0.1"
FOLDER = ROOT / "requirements"
LOCKS = ["requirements.txt", *sorted(f"requirements/{x.name}" for x in FOLDER.glob("*.txt"))]
OFFLINE = re.compile(
    "NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError"
)
# An error message of this pip.
NOT_PINNED = "must have their versions pinned with ==. These do not:\n    coverage[toml]"

pytestmark = [pytest.mark.fresh, pytest.mark.xdist_group("old_pip")]
Arguments = list[str | Path]


class OldPip:
    """pip 23.0.1, and a package index with a newer release of every package in the locks."""

    def __init__(self, folder: Path) -> None:
        self.python = folder / "venv/bin/python"
        self.pinned, self.newer = folder / "pinned", folder / "newer"
        subprocess.run([python_3_11(), "-m", "venv", folder / "venv"], check=True)
        self.fetch(["install", f"pip=={OLDEST_PIP}"])
        locks: Arguments = [word for lock in LOCKS for word in ("--requirement", ROOT / lock)]
        self.fetch(["download", "--no-deps", "--dest", self.pinned, *locks])
        self.newer.mkdir()
        for wheel in self.pinned.iterdir():
            # It can be empty: a pip that chooses it has failed already.
            (self.newer / f"{wheel.name.partition('-')[0]}-9999-py3-none-any.whl").touch()

    def fetch(self, arguments: Arguments) -> None:
        """Run pip with the configuration of this machine. Skip the test if it is offline."""
        done = self.pip([*arguments, "--only-binary=:all:"], os.environ)
        if done.returncode and OFFLINE.search(done.stdout):
            pytest.skip("The package index cannot be reached.")
        assert done.returncode == 0, done.stdout

    def install(self, lock: Path) -> subprocess.CompletedProcess[str]:
        """Install a lock file as on a fresh machine: no configuration, no cache, no packages."""
        fresh: Arguments = ["--dry-run", "--ignore-installed", "--no-cache-dir", "--no-index"]
        environment = {
            "PATH": os.defpath,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_FIND_LINKS": f"{self.pinned} {self.newer}",
        }
        return self.pip(["install", *fresh, "--requirement", lock], environment)

    def pip(
        self, arguments: Arguments, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.python, "-m", "pip", "--disable-pip-version-check", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def python_3_11() -> str:
    """Return the path of Python 3.11: that version of pip does not run on newer ones."""
    found = shutil.which("python3.11", path=f"{Path(sys.executable).parent}:{os.defpath}")
    return found or pytest.skip(f"python3.11, which pip {OLDEST_PIP} needs, is not installed.")


@pytest.fixture(scope="module")
def old_pip() -> Iterator[OldPip]:
    with tempfile.TemporaryDirectory() as folder:  # pytest would keep its own, and this is large
        yield OldPip(Path(folder))


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_installs_when_newer_releases_exist(old_pip: OldPip, lock: str) -> None:
    done = old_pip.install(ROOT / lock)

    assert done.returncode == 0, done.stdout
    assert "Would install" in done.stdout


def test_lock_without_extras_does_not_install(old_pip: OldPip, tmp_path: Path) -> None:
    lock = tmp_path / "dev.txt"
    lock.write_text(re.sub(r"\[[\w,-]+\]==", "==", (FOLDER / "dev.txt").read_text()))

    done = old_pip.install(lock)

    assert done.returncode != 0
    assert NOT_PINNED in done.stdout
