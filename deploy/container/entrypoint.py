"""The container's entry point: `web` (the default) or any flask command (deploy, worker, …).

The program runs in this process, so that it receives signals. Only `deploy` runs migrations.
"""

import os
import runpy
import signal
import sys
import tempfile

CONFIGURATION_ERROR = 3


def main(arguments: list[str]) -> None:
    """Run gunicorn or the flask command given by `arguments`."""
    # PID 1 ignores signals without a handler. The programs install their own later.
    signal.signal(signal.SIGTERM, exit_on_signal)
    os.chdir("/srv/flasky")
    command, *options = arguments or ["web"]
    if command == "web":
        require_temporary_directory()
        run("gunicorn", "manage:app", *options)
    else:
        run("flask", *arguments)


def exit_on_signal(number: int, _frame: object) -> None:
    """Exit with the conventional status for a signal."""
    sys.exit(128 + number)


def require_temporary_directory() -> None:
    """Exit with a message if there is no writable temporary directory, which gunicorn needs."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        print("No writable temporary directory: docker run --tmpfs /tmp", file=sys.stderr)
        sys.exit(CONFIGURATION_ERROR)


def run(module: str, *arguments: str) -> None:
    """Run a Python module as `python -m` does, in this process."""
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
