"""What a platform makes of a commit, as Heroku's buildpack for Python does it.

The project without what .slugignore names, the packages of requirements.txt, and what
bin/post_compile adds. No platform's own Python is in it: the tests' own runs it.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.repository import ROOT, files
from tests.system.servers import BIN

# What Heroku's buildpack sets where a process starts.
BUILDPACK = {
    "FORWARDED_ALLOW_IPS": "*",
    "GUNICORN_CMD_ARGS": "--access-logfile -",
    "LANG": "C.UTF-8",
    "PYTHONUNBUFFERED": "1",
}


class BuildFailed(Exception):
    """A step of the build did not work; the text is what it said."""


@dataclass(frozen=True)
class Slug:
    """A project that is ready to run, in `folder`, with its packages, in an environment."""

    folder: Path
    packages: Path

    @property
    def processes(self) -> dict[str, str]:
        """The commands of the Procfile by the names of their processes."""
        return processes_of(self.folder)

    def environment(self, variables: dict[str, str]) -> dict[str, str]:
        """Return what a process finds around it, if the app's variables are `variables`."""
        path = f"{self.packages / 'bin'}:{os.defpath}"
        return BUILDPACK | {"PATH": path, "HOME": str(self.folder)} | variables

    def run(self, command: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run `command` as a process of the app that ends by itself."""
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
    """Return the commands of the Procfile in `folder` by the names of their processes."""
    lines = (folder / "Procfile").read_text().splitlines()
    pairs = (line.partition(":") for line in lines)
    return {name: command.strip() for name, _, command in pairs}


def make_project(folder: Path) -> None:
    """Make a repository in `folder` that holds the project as it is now, in one commit."""
    for path in files():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, target)
    commit(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "add", "--all")
    commit(folder, "commit", "--quiet", "--message=The project as it is now")


def commit(folder: Path, *words: str) -> None:
    """Run git in `folder` in somebody's name."""
    somebody = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    subprocess.run(["git", *somebody, *words], cwd=folder, check=True)


def build(
    archive: Path, folder: Path, packages: Path, variables: dict[str, str]
) -> tuple[Slug, str]:
    """Make a slug of the tar file `archive` in `folder`; return it and what was said.

    Packages that an earlier build has installed are taken as they are, as Heroku does.
    """
    subprocess.run(["tar", "--extract", f"--file={archive}", f"--directory={folder}"], check=True)
    slug = Slug(folder, packages)
    for line in (folder / ".slugignore").read_text().split():
        shutil.rmtree(folder / line.removeprefix("/"))
    if not packages.exists():
        install(folder / "requirements.txt", packages)
    return slug, run_step(["bin/post_compile"], folder, slug.environment(variables))


def install(requirements: Path, packages: Path) -> None:
    """Install what `requirements` names, compiled, into a new environment."""
    uv, there = str(BIN / "uv"), ["--quiet", "--python", str(packages)]
    wanted = ["--compile-bytecode", "--require-hashes", "-r", str(requirements)]
    around = dict(os.environ)  # uv's cache, and what it is told about the network
    run_step([uv, "venv", "--quiet", "--python", sys.executable, str(packages)], ROOT, around)
    run_step([uv, "pip", "install", *there, *wanted], ROOT, around)


def run_step(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BuildFailed(f"{command[0]} exited with {done.returncode}: {done.stdout}")
    return done.stdout
