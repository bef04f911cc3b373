"""What a container does: `web` (the default), or any command of flask: deploy, worker, shell, …

The program runs in this very process, so that signals reach it. Nothing but deploy migrates.
"""

import os
import runpy
import signal
import sys
import tempfile

CANNOT_START = 3


def main(words: list[str]) -> None:
    """Become the program that `words` ask for."""
    # The first process of a container does not even notice a signal that it has no handler for.
    # The programs have handlers of their own, or none, but not before they have started.
    signal.signal(signal.SIGTERM, end)
    os.chdir("/srv/flasky")
    what, *arguments = words or ["web"]
    if what == "web":
        require_room()
        become("gunicorn", "manage:app", *arguments)
    else:
        become("flask", *words)


def end(number: int, _frame: object) -> None:
    """End as somebody who was told to by a signal."""
    sys.exit(128 + number)


def require_room() -> None:
    """End here, and not somewhere in gunicorn, if nothing can be written."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        print("There is no room for temporary files: docker run --tmpfs /tmp", file=sys.stderr)
        sys.exit(CANNOT_START)


def become(program: str, *arguments: str) -> None:
    """Run a program of Python's as if it had been started."""
    sys.argv = [program, *arguments]
    runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
