"""The source code of a release, and its requirements."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import IO

from .paths import App, CommandError


def unpack(app: App, commit: str, objects: dict[str, str], src: Path, log: IO[str]) -> None:
    """Extract a commit into `src`. During a push, `objects` names git's quarantine directory."""
    git = {"GIT_DIR": str(app.repo), "PATH": os.environ["PATH"], **objects}
    archive = ["git", "archive", commit]
    with subprocess.Popen(archive, env=git, stdout=subprocess.PIPE, stderr=log) as packed:
        tar = ["tar", "-x", "-C", str(src)]
        done = subprocess.run(tar, stdin=packed.stdout, stderr=log, check=False)
    if packed.returncode or done.returncode:
        raise CommandError("The source code could not be extracted; see the lines above.")


def requirements(src: Path) -> list[Path]:
    """Return requirements.txt and the files that it includes."""
    files: list[Path] = []
    queue = [src / "requirements.txt"]
    while queue:
        file = queue.pop()
        if not file.is_file():
            raise CommandError(f"{os.path.relpath(file, src)} is missing in the repository.")
        files.append(file)
        included = re.findall(
            r"^(?:-r|--requirement|-c|--constraint)[ =]*(\S+)", file.read_text(), re.MULTILINE
        )
        queue += [file.parent / name for name in included]
    return files


def requirements_digest(src: Path) -> str:
    """Return a digest of all requirements and the Python version: the name of the venv."""
    parts = [sys.version, *(file.read_text() for file in requirements(src))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
