"""A file system of 16 MB in memory, to test full disks; mounting it needs root."""

import errno
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Self

import pytest

SIZE = "16m"
CHUNK_SIZES = (2**20, 2**12, 1)  # bytes


class SmallDisk:
    """A mounted tmpfs at `folder`; skips the test without root."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="disk"))
        self.ballast = self.folder / "ballast"

    def __enter__(self) -> Self:
        command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(self.folder)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            self.folder.rmdir()
            pytest.skip(f"Mounting a small disk needs root: {result.stderr.strip()}")
        return self

    def __exit__(self, *_error: object) -> None:
        subprocess.run(["umount", str(self.folder)], check=True)
        self.folder.rmdir()

    def fill(self) -> None:
        """Fill the disk to the last byte."""
        file = os.open(self.ballast, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            for size in CHUNK_SIZES:
                write_until_full(file, b"\0" * size)
        finally:
            os.close(file)

    def free(self) -> None:
        """Delete what `fill` wrote."""
        self.ballast.unlink()


def write_until_full(file: int, chunk: bytes) -> None:
    """Write `chunk` repeatedly until it does not fit."""
    try:
        while os.write(file, chunk) == len(chunk):
            pass
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
