"""A developer's clone of the project with the Heroku CLI and a local Heroku."""

import os
import re
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.platforms.paas.api import Api
from tests.platforms.paas.app_platform import DOMAIN, Platform
from tests.platforms.paas.heroku_cli import HerokuCli
from tests.platforms.paas.router import Endpoints
from tests.support.databases import EphemeralPostgres
from tests.support.servers import BIN

HOOK = """#!/bin/sh
read -r _old new _ref
git archive --output="{folder}/$new.tar" "$new" || exit 1
exec curl --silent --show-error --fail-with-body --data "$new" {api}/builds
"""
REMOTE = "https://git.heroku.com/my-flasky.git"
NEEDED = {"curl": "curl", "jq": "jq"}
SET = re.compile(r"([A-Z]+)=\$\(.*\)")  # assigns the output of a command


class Deployer:
    """Runs commands in a clone of `project` with `cli`; all files are below `folder`."""

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
        self.endpoints = stack.enter_context(Endpoints(self.platform, folder))
        self.api = stack.enter_context(Api(self.platform, self.endpoints))
        self._make_repository(folder)
        home = Path(cli.environment["HOME"])
        home.joinpath(".gitconfig").write_text(
            f'[url "{folder}/repository"]\n\tpushInsteadOf = {REMOTE}\n'
            "[user]\n\tname = You\n\temail = you@example.com\n"
        )
        home.joinpath(".curlrc").write_text(
            f'cacert = "{self.endpoints.authority}"\n'
            f'connect-to = "{DOMAIN}:443:127.0.0.1:{self.endpoints.port}"\n'
        )
        self.environment = {
            **cli.environment,
            "HEROKU_HOST": self.api.url,
            "HEROKU_DATA_HOST": "127.0.0.1",
            "HEROKU_PARTICLEBOARD_URL": self.api.url,  # the CLI checks for unpaid invoices
            "HEROKU_API_KEY": "x",
            "PATH": f"{cli.bin}:{BIN}:{os.environ['PATH']}",
            "NODE_EXTRA_CA_CERTS": str(self.endpoints.authority),
        }

    def run(self, command: str, stdin: str = "") -> tuple[int, str]:
        """Run a command with `stdin`; return its exit code and output."""
        given = SET.fullmatch(command)
        if given:
            command = f"{command} && printf %s ${given[1]}"
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.project,
            env=self.environment,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if given:
            self.environment[given[1]] = done.stdout
        return done.returncode, "" if given else done.stdout

    def _make_repository(self, folder: Path) -> None:
        """Create the remote repository; it builds every push, and rejects failed builds."""
        repository = folder / "repository"
        subprocess.run(["git", "init", "--quiet", "--bare", str(repository)], check=True)
        hook = repository / "hooks/pre-receive"
        hook.write_text(HOOK.format(folder=folder, api=self.api.url))
        hook.chmod(0o755)
