"""The genuine Heroku command line, from npm: installed once for this user, and kept.

cli/ says which one, with the digest of every package. npm fetches it; the node that runs it is
Playwright's, which is new enough for it wherever npm comes from.
"""

import os
from pathlib import Path

import playwright

from tests.npm import installed

WANTED = Path(__file__).parent / "cli"
NODE = Path(playwright.__file__).parent / "driver/node"
SILENT = {
    "DISABLE_TELEMETRY": "true",
    "HEROKU_DISABLE_AUTOUPDATE": "1",
    "HEROKU_SKIP_NEW_VERSION_CHECK": "1",
}


class HerokuCli:
    """`heroku` for whoever has `home` as home: it asks nobody but the API that it is told of."""

    def __init__(self, home: Path) -> None:
        self.packages = installed("heroku", WANTED)
        self.bin = home / "bin"
        self.bin.mkdir()
        self._write_program(self.bin / "heroku")
        terms = home / ".cache/heroku/terms-of-service"
        terms.parent.mkdir(parents=True)
        terms.touch()  # it would tell of them before the first command
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
