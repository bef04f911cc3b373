"""The code of a release, out of git; and what it requires."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import IO

from .places import App, Refused


def unpack(app: App, commit: str, objects: dict[str, str], src: Path, log: IO[str]) -> None:
    """Take the files of a commit out of the repository, which may still be about to take it."""
    git = {"GIT_DIR": str(app.repo), "PATH": os.environ["PATH"], **objects}
    archive = ["git", "archive", commit]
    with subprocess.Popen(archive, env=git, stdout=subprocess.PIPE, stderr=log) as packed:
        tar = ["tar", "-x", "-C", str(src)]
        done = subprocess.run(tar, stdin=packed.stdout, stderr=log, check=False)
    if packed.returncode or done.returncode:
        raise Refused("The code could not be unpacked; the lines above say why.")


def requirements(src: Path) -> list[Path]:
    """Return requirements.txt and the files that it refers to."""
    found: list[Path] = []
    waiting = [src / "requirements.txt"]
    while waiting:
        file = waiting.pop()
        if not file.is_file():
            raise Refused(f"There is no {os.path.relpath(file, src)} in the repository.")
        found.append(file)
        named = re.findall(
            r"^(?:-r|--requirement|-c|--constraint)[ =]*(\S+)", file.read_text(), re.MULTILINE
        )
        waiting += [file.parent / name for name in named]
    return found


def requirements_digest(src: Path) -> str:
    """Return a name for all that is required, and for the Python that it is for."""
    parts = [sys.version, *(file.read_text() for file in requirements(src))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
