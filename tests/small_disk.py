"""A disk that is soon full. It lies in memory, and mounting it takes root."""

import errno
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Self

import pytest

SIZE = "16m"
STEPS = (2**20, 2**12, 1)  # bytes to fill it with, in coarse steps and then in finer ones
MISSING = "Only root can mount a small disk: run this as root, not in an unprivileged container."


class SmallDisk:
    """A file system of its own in `folder`."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="disk"))
        self.ballast = self.folder / "ballast"

    def __enter__(self) -> Self:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(self.folder)]
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode:
            self.folder.rmdir()
            pytest.skip(f"{MISSING} {done.stderr.strip()}")
        return self

    def __exit__(self, *_error: object) -> None:
        subprocess.run(["umount", str(self.folder)], check=True)
        self.folder.rmdir()

    def fill(self) -> None:
        """Leave no room for another byte."""
        file = os.open(self.ballast, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            for step in STEPS:
                write_until_full(file, b"\0" * step)
        finally:
            os.close(file)

    def free(self) -> None:
        """Take back what it was filled with."""
        self.ballast.unlink()


def write_until_full(file: int, piece: bytes) -> None:
    """Write `piece` again and again, until it does not fit any more."""
    try:
        while os.write(file, piece) == len(piece):
            pass
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
