"""The commands in docs/api.md produce the output shown there."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import migrated, new_sqlite_url
from tests.support.doc_commands import ANYTHING, commands
from tests.support.live_site import LiveSite, make_live_app
from tests.support.mailbox import Mailbox
from tests.support.repository import ROOT

pytestmark = pytest.mark.slow

PAGE = ROOT / "docs/api.md"
EXAMPLE_URL = "http://127.0.0.1:5000"
ASSIGNMENT = re.compile(r"([A-Z]+)=")


@pytest.fixture
def site(tmp_path: Path, mail_server: Mailbox) -> Iterator[LiveSite]:
    app = make_live_app(new_sqlite_url(tmp_path), mail_server)
    with migrated(app), LiveSite(app) as site:
        site.make.user("ann")
        yield site


def test_commands_produce_the_documented_output(site: LiveSite, tmp_path: Path) -> None:
    for program in ("curl", "jq"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: sudo apt install {program}")
    variables = tmp_path / "variables"  # keeps the variables from one command to the next
    variables.touch()
    for command in commands(PAGE):
        script = command.text.replace(EXAMPLE_URL, site.url)
        name = ASSIGNMENT.match(script)
        save = f"declare -p {name[1]} >> {variables}" if name else "true"
        result = subprocess.run(
            ["bash", "-c", f"set -eo pipefail\n. {variables}\n{script}\n{save}"],
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, f"{script}\n{result.stdout}{result.stderr}"
        assert command.matches(result.stdout), (
            f"{script}\n{result.stdout}instead of\n{command.output}"
        )


def test_no_documented_output_matches_everything() -> None:
    assert all(command.output.strip() != ANYTHING for command in commands(PAGE))
