"""A terminal, and somebody who reads the questions and types the answers."""

import os
import pty
import select
import subprocess
import time
from pathlib import Path
from typing import Self

from tests.system.servers import PATIENCE


class Terminal:
    """Runs a command that sees a terminal; `shown` is all that it has written."""

    def __init__(self, command: list[str], cwd: Path, environment: dict[str, str]) -> None:
        self.ours, theirs = pty.openpty()
        self.running = subprocess.Popen(
            command, cwd=cwd, env=environment | {"TERM": "dumb"},
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self.shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.running.kill()
        self.running.wait()
        os.close(self.ours)

    def answer(self, question: str, words: str) -> None:
        """Wait for a question, and type the answer."""
        self.read_until(question)
        os.write(self.ours, f"{words}\n".encode())

    def read_until(self, words: str) -> None:
        """Return once `words` were written, after what was asked for before."""
        seen, give_up = len(self.shown), time.monotonic() + PATIENCE * 5
        while words not in self.shown[seen:]:
            assert time.monotonic() < give_up, f"{words!r} never came:\n{self.shown}"
            assert self.read(), f"{words!r} never came:\n{self.shown}"

    def read(self) -> bool:
        """Read what is there, if it is there soon; tell whether there may be more."""
        if not select.select([self.ours], [], [], 1)[0]:
            return True
        try:
            words = os.read(self.ours, 65_536)
        except OSError:  # the other end is closed
            return False
        self.shown += words.decode(errors="replace")
        return bool(words)

    def end(self) -> int:
        """Read to the end, and return the code."""
        while self.read():
            pass
        return self.running.wait(PATIENCE)
