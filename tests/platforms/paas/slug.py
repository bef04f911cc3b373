"""A slug: what Heroku's Python buildpack builds from a commit.

It has the files of the project except those in .slugignore, the packages of requirements.txt, and
what bin/post_compile adds. The Python of the tests runs it.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.repository import ROOT, files
from tests.support.servers import BIN

# Set by Heroku's buildpack for every process.
BUILDPACK = {
    "FORWARDED_ALLOW_IPS": "*",
    "GUNICORN_CMD_ARGS": "--access-logfile -",
    "LANG": "C.UTF-8",
    "PYTHONUNBUFFERED": "1",
}


class BuildFailed(Exception):
    """A build step failed; the message is its output."""


@dataclass(frozen=True)
class Slug:
    """A built project in `folder`, and the virtual environment with its packages."""

    folder: Path
    packages: Path

    @property
    def processes(self) -> dict[str, str]:
        """The commands of the Procfile by process type."""
        return processes_of(self.folder)

    def environment(self, variables: dict[str, str]) -> dict[str, str]:
        """Return the environment of a process of an app with the config vars `variables`."""
        path = f"{self.packages / 'bin'}:{os.defpath}"
        return BUILDPACK | {"PATH": path, "HOME": str(self.folder)} | variables

    def run(self, command: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run `command` as a one-off dyno."""
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def processes_of(folder: Path) -> dict[str, str]:
    """Return the commands of the Procfile in `folder` by process type."""
    lines = (folder / "Procfile").read_text().splitlines()
    pairs = (line.partition(":") for line in lines)
    return {name: command.strip() for name, _, command in pairs}


def make_project(folder: Path) -> None:
    """Create a repository in `folder` with the files of the working tree in one commit."""
    for path in files():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, target)
    commit(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "add", "--all")
    commit(folder, "commit", "--quiet", "--message=Working tree")


def commit(folder: Path, *arguments: str) -> None:
    """Run git in `folder` with a name and an email address."""
    somebody = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    subprocess.run(["git", *somebody, *arguments], cwd=folder, check=True)


def build(
    archive: Path, folder: Path, packages: Path, variables: dict[str, str]
) -> tuple[Slug, str]:
    """Build a slug of the tar file `archive` in `folder`; return it and the output.

    Packages of an earlier build are reused, as on Heroku.
    """
    subprocess.run(["tar", "--extract", f"--file={archive}", f"--directory={folder}"], check=True)
    slug = Slug(folder, packages)
    for line in (folder / ".slugignore").read_text().split():
        shutil.rmtree(folder / line.removeprefix("/"))
    if not packages.exists():
        install(folder / "requirements.txt", packages)
    return slug, run_step(["bin/post_compile"], folder, slug.environment(variables))


def install(requirements: Path, packages: Path) -> None:
    """Install `requirements`, with bytecode, into a new virtual environment."""
    uv, there = str(BIN / "uv"), ["--quiet", "--python", str(packages)]
    wanted = ["--compile-bytecode", "--require-hashes", "-r", str(requirements)]
    environment = dict(os.environ)  # uv's cache and network settings
    run_step([uv, "venv", "--quiet", "--python", sys.executable, str(packages)], ROOT, environment)
    run_step([uv, "pip", "install", *there, *wanted], ROOT, environment)


def run_step(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    completed = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if completed.returncode != 0:
        raise BuildFailed(f"{command[0]} exited with {completed.returncode}: {completed.stdout}")
    return completed.stdout
