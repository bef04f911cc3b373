"""The source code of a release: extracted from git, and refused if a part of it is missing."""

import os
import subprocess
from pathlib import Path
from typing import IO

from . import manifest
from .paths import App, CommandError

NO_COMMIT = "0" * 40  # how git's protocol calls a ref that does not exist
LFS = b"version https://git-lfs.github.com/spec/"
LFS_SIZE = 1024  # bytes; pointers are smaller


def unpack(app: App, commit: str, src: Path, log: IO[str]) -> None:
    """Extract a commit, or its directory that hosting.toml names, into `src`."""
    git = {"GIT_DIR": str(app.repo), "PATH": os.environ["PATH"]}
    refuse_submodules(commit, git)
    settings = {name: show(commit, name, git) for name in manifest.FILES}
    directory = manifest.parse(settings).directory.strip("/")
    if directory and show(commit, f"{directory}/hosting.toml", git):
        raise CommandError(
            f"There is a hosting.toml both at the top of the repository and in {directory}. "
            "Keep the one at the top."
        )
    archive = ["git", "archive", f"{commit}:{directory}" if directory else commit]
    with subprocess.Popen(archive, env=git, stdout=subprocess.PIPE, stderr=log) as packed:
        tar = ["tar", "-x", "-C", str(src)]
        done = subprocess.run(tar, stdin=packed.stdout, stderr=log, check=False)
    if packed.returncode or done.returncode:
        where = f" The repository may have no directory {directory}." if directory else ""
        raise CommandError(f"The source code could not be extracted; see the lines above.{where}")
    if directory:
        (src / "hosting.toml").write_text(settings["hosting.toml"])
    refuse_lfs_pointers(src)


def show(commit: str, path: str, git: dict[str, str]) -> str:
    """Return a file of a commit; an empty string if it does not exist."""
    command = ["git", "cat-file", "blob", f"{commit}:{path}"]
    done = subprocess.run(command, env=git, capture_output=True, check=False)
    try:
        return done.stdout.decode() if done.returncode == 0 else ""
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not UTF-8 text.") from None


def refuse_submodules(commit: str, git: dict[str, str]) -> None:
    """Raise CommandError if a commit has a submodule: git archive would leave it empty."""
    command = ["git", "ls-tree", "-r", "-z", "--full-tree", commit]
    listed = subprocess.run(command, env=git, capture_output=True, check=True)
    entries = os.fsdecode(listed.stdout).split("\0")
    names = [entry.partition("\t")[2] for entry in entries if entry.startswith("160000 ")]
    if names:
        raise CommandError(
            f"{names[0]} is a git submodule: `git push` does not transfer its files, so it would "
            "be an empty directory. Commit the files themselves (git rm --cached, or git subtree "
            "add), or install it as a package in the requirements."
        )


def refuse_lfs_pointers(src: Path) -> None:
    """Raise CommandError if a file is a Git LFS pointer: `git push` did not transfer it."""
    for folder, _folders, names in os.walk(src):
        for path in (Path(folder, name) for name in names):
            if path.is_symlink() or path.stat().st_size > LFS_SIZE:
                continue
            if path.read_bytes().startswith(LFS):
                raise CommandError(
                    f"{path.relative_to(src)} is a Git LFS pointer: `git push` did not transfer "
                    "the file. Put it into git itself: git lfs migrate export --include=PATH"
                )
