"""Every command of docs/api.md is typed at a site of its own."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.live_site import LiveSite, make_live_app
from tests.databases import migrated, new_sqlite_url
from tests.mailbox import Mailbox
from tests.manual import ANYTHING, commands
from tests.repository import ROOT

pytestmark = pytest.mark.slow

PAGE = ROOT / "docs/api.md"
EXAMPLE = "http://127.0.0.1:5000"
NAME = re.compile(r"([A-Z]+)=")


@pytest.fixture
def api_site(tmp_path: Path, mail_server: Mailbox) -> Iterator[LiveSite]:
    app = make_live_app(new_sqlite_url(tmp_path), mail_server)
    with migrated(app), LiveSite(app) as site:
        site.make.user("ann")
        yield site


def test_commands_of_the_page_do_what_it_says(api_site: LiveSite, tmp_path: Path) -> None:
    for program in ("curl", "jq"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: sudo apt install {program}")
    state = tmp_path / "state"  # what the shell remembers from one command to the next
    state.touch()
    for command in commands(PAGE):
        typed = command.text.replace(EXAMPLE, api_site.address)
        name = NAME.match(typed)
        remember = f"declare -p {name[1]} >> {state}" if name else "true"
        done = subprocess.run(
            ["bash", "-c", f"set -eo pipefail\n. {state}\n{typed}\n{remember}"],
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{typed}\n{done.stdout}{done.stderr}"
        assert command.fits(done.stdout), f"{typed}\n{done.stdout}instead of\n{command.answer}"


def test_page_shows_no_answer_that_everything_would_fit() -> None:
    assert all(command.answer.strip() != ANYTHING for command in commands(PAGE))
