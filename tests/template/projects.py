"""Repositories made from this one, for tests of renaming and updating."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.repository import ROOT, files

Completed = subprocess.CompletedProcess[str]
IDENTITY = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in {"NAME": "ann", "EMAIL": "ann@example.com"}.items()
}


class Repository:
    """A git repository in `path`, with the tools of this environment in .venv."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not (path / ".venv").exists():
            (path / ".venv").symlink_to(sys.prefix)

    def run(self, *command: str, **variables: str) -> Completed:
        """Run a command; `stdout` holds both of its outputs."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PYTEST_"))}
        isolated = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        return subprocess.run(
            command,
            cwd=self.path,
            env=kept | isolated | IDENTITY | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def git(self, *arguments: str) -> str:
        """Run git, which must succeed, and return its output."""
        done = self.run("git", *arguments)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def python(self, *arguments: str, **variables: str) -> Completed:
        return self.run(".venv/bin/python", *arguments, **variables)

    def make(self, *arguments: str, **variables: str) -> Completed:
        """Run make without installing the packages, which are installed."""
        return self.run("make", "--old-file=venv", *arguments, **variables)

    def rename(self, *arguments: str) -> Completed:
        return self.python("bin/rename.py", *arguments)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def state(self) -> str:
        """Return the commit and the uncommitted changes."""
        return self.git("rev-parse", "HEAD") + self.git("status", "--porcelain")

    def tracked(self) -> list[str]:
        return self.git("ls-files", "-z").rstrip("\0").split("\0")

    def clone(self, path: Path) -> "Repository":
        self.git("clone", "--quiet", str(self.path), str(path))
        return Repository(path)

    def write(self, name: str, text: str) -> None:
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).write_text(text)

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.path / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def read(self, name: str) -> str:
        return (self.path / name).read_text()


def template_repository(path: Path) -> Repository:
    """Return a repository with the files of this one in a single commit."""
    for file in files():
        (path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, path / file)
    repository = Repository(path)
    repository.git("init", "--quiet", "--initial-branch=main")
    repository.commit("The template")
    return repository
