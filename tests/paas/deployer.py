"""Somebody who deploys: a clone of the project, the command line, and a Heroku to speak to."""

import os
import re
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.databases import EphemeralPostgres
from tests.paas.api import Api
from tests.paas.app_platform import DOMAIN, Platform
from tests.paas.heroku_cli import HerokuCli
from tests.paas.router import Doors
from tests.system.servers import BIN

HOOK = """#!/bin/sh
read -r _old new _ref
git archive --output="{folder}/$new.tar" "$new" || exit 1
exec curl --silent --show-error --fail-with-body --data "$new" {api}/builds
"""
REMOTE = "https://git.heroku.com/my-flasky.git"
NEEDED = {"curl": "curl", "jq": "jq"}
SET = re.compile(r"([A-Z]+)=\$\(.*\)")  # gives a name to what a command prints


class Deployer:
    """Types commands in a clone of `project`, with `cli`; the app and all is below `folder`."""

    def __init__(
        self,
        stack: ExitStack,
        folder: Path,
        project: Path,
        packages: Path,
        cli: HerokuCli,
        postgres: EphemeralPostgres,
    ) -> None:
        for program, package in NEEDED.items():
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed: sudo apt install {package}")
        self.project = folder / "clone"
        subprocess.run(["git", "clone", "--quiet", str(project), str(self.project)], check=True)
        self.platform = stack.enter_context(Platform(folder, packages, postgres))
        self.doors = stack.enter_context(Doors(self.platform, folder))
        self.api = stack.enter_context(Api(self.platform, self.doors))
        self._make_repository(folder)
        home = Path(cli.environment["HOME"])
        home.joinpath(".gitconfig").write_text(
            f'[url "{folder}/repository"]\n\tpushInsteadOf = {REMOTE}\n'
            "[user]\n\tname = You\n\temail = you@example.com\n"
        )
        home.joinpath(".curlrc").write_text(
            f'cacert = "{self.doors.authority}"\n'
            f'connect-to = "{DOMAIN}:443:127.0.0.1:{self.doors.port}"\n'
        )
        self.environment = {
            **cli.environment,
            "HEROKU_HOST": self.api.url,
            "HEROKU_DATA_HOST": "127.0.0.1",
            "HEROKU_PARTICLEBOARD_URL": self.api.url,  # is asked whether bills are paid
            "HEROKU_API_KEY": "x",
            "PATH": f"{cli.bin}:{BIN}:{os.environ['PATH']}",
            "NODE_EXTRA_CA_CERTS": str(self.doors.authority),
        }

    def type(self, command: str, more: str = "") -> tuple[int, str]:
        """Type a command, and `more` when it asks; return its exit code and all that it said."""
        given = SET.fullmatch(command)
        if given:
            command = f"{command} && printf %s ${given[1]}"
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.project,
            env=self.environment,
            input=more,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if given:
            self.environment[given[1]] = done.stdout
        return done.returncode, "" if given else done.stdout

    def _make_repository(self, folder: Path) -> None:
        """Make what is pushed to; each push is built, and refused if that fails."""
        repository = folder / "repository"
        subprocess.run(["git", "init", "--quiet", "--bare", str(repository)], check=True)
        hook = repository / "hooks/pre-receive"
        hook.write_text(HOOK.format(folder=folder, api=self.api.url))
        hook.chmod(0o755)
