"""A pseudo-terminal that a command runs in."""

import os
import pty
import select
import subprocess
import termios
import time
from pathlib import Path
from typing import Self

from .web import TIMEOUT


class Terminal:
    """Runs a command in a terminal; `output` is all that it has written."""

    def __init__(self, command: list[str], cwd: Path, environment: dict[str, str]) -> None:
        self.main, child = pty.openpty()
        termios.tcsetwinsize(child, (24, 80))
        self.process = subprocess.Popen(
            command, cwd=cwd, env=environment | {"TERM": "dumb"},
            stdin=child, stdout=child, stderr=child, start_new_session=True,
        )  # fmt: skip
        os.close(child)
        self.output = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.main)

    def answer(self, prompt: str, text: str) -> None:
        """Wait for a prompt, and type an answer."""
        seen, deadline = len(self.output), time.monotonic() + TIMEOUT * 5
        while prompt not in self.output[seen:]:
            is_open = self.read()
            assert is_open, f"No prompt {prompt!r}:\n{self.output}"
            assert time.monotonic() < deadline, f"No prompt {prompt!r}:\n{self.output}"
        os.write(self.main, f"{text}\n".encode())

    def read(self) -> bool:
        """Read available output; return False at the end."""
        if not select.select([self.main], [], [], 1)[0]:
            return True
        try:
            text = os.read(self.main, 65_536)
        except OSError:  # closed
            return False
        self.output += text.decode(errors="replace")
        return bool(text)

    def exit_status(self) -> int:
        """Read to the end, and return the exit status."""
        while self.read():
            pass
        return self.process.wait(TIMEOUT)
