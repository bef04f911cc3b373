"""The Heroku CLI, from npm: installed once for this user, and kept.

cli/ pins the version and the hash of every package. npm installs it; Playwright's Node.js, which
is new enough on every machine, runs it.
"""

import os
from pathlib import Path

import playwright

from tests.support.npm import installed

PACKAGE = Path(__file__).parent / "cli"
NODE = Path(playwright.__file__).parent / "driver/node"
SILENT = {
    "DISABLE_TELEMETRY": "true",
    "HEROKU_DISABLE_AUTOUPDATE": "1",
    "HEROKU_SKIP_NEW_VERSION_CHECK": "1",
}


class HerokuCli:
    """`heroku` with the home directory `home`; it connects only to the API in its environment."""

    def __init__(self, home: Path) -> None:
        self.packages = installed("heroku", PACKAGE)
        self.bin = home / "bin"
        self.bin.mkdir()
        self._write_program(self.bin / "heroku")
        terms = home / ".cache/heroku/terms-of-service"
        terms.parent.mkdir(parents=True)
        terms.touch()  # else it shows its terms first
        self.environment = {
            **SILENT,
            "HOME": str(home),
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "HEROKU_GIT_HOST": "git.heroku.com",
        }

    def _write_program(self, path: Path) -> None:
        start = self.packages / "heroku/bin/run.js"
        path.write_text(f'#!/bin/sh\nexec "{NODE}" --no-deprecation "{start}" "$@"\n')
        path.chmod(0o755)
