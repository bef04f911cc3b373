"""`deploy` asks what it must know, shows what differs, and asks nothing where nobody sits."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.repository import ROOT

from .conftest import TINY
from .hosted import Hosted
from .laptop import Laptop
from .terminal import Terminal

SECRET = "typed-and-never-shown"
OTHER = "click==8.1.0"  # not what the tests run with


@pytest.fixture(scope="module")
def newcomer(only_tiny: Hosted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A laptop that knows no server, though there is an app for it; its environment is its own."""
    laptop = Laptop(tmp_path_factory.mktemp("newcomer"), TINY)
    wanted = TINY["requirements.txt"].read_text()
    laptop.commit("More", **{"requirements.txt": f"{wanted}{OTHER}\n"})
    only_tiny.server.let_in(laptop.public)
    laptop.set_up(only_tiny.server, "fresh", domain="fresh.example")
    laptop.hosting("logout")
    subprocess.run([sys.executable, "-m", "venv", laptop.home / "venv"], check=True)
    packages = Path(click.__file__).parents[1]
    laptop.environment["PYTHONPATH"] = f"{ROOT}:{packages}"
    agent = subprocess.run(["ssh-agent"], capture_output=True, text=True, check=True).stdout
    found = dict(re.findall(r"(SSH_\w+)=([^;]+);", agent))
    laptop.environment |= found
    laptop.type(["ssh-add", "-q", str(laptop.key)])
    yield laptop
    os.kill(int(found["SSH_AGENT_PID"]), 15)


def begin(laptop: Laptop, *words: str) -> Terminal:
    command = [str(laptop.home / "venv/bin/python"), "-P", "-m", "hosting", "deploy", *words]
    return Terminal(command, laptop.clone, laptop.environment)


def test_first_deploy_asks_for_everything(tiny: Hosted, newcomer: Laptop) -> None:
    with begin(newcomer) as terminal:
        terminal.answer("NAME@HOST[:PORT]: ", f"fresh@127.0.0.1:{tiny.server.ports[22]}")
        terminal.answer("What to call this region", "here")
        terminal.answer("Is it 127.0.0.1's?", "y")
        terminal.answer("Update this environment?", "y")
        terminal.answer("Environment variable", "TYPED")
        terminal.answer("Value of TYPED", SECRET)
        terminal.answer("Environment variable", "")
        code = terminal.end()

    assert code == 0, terminal.shown
    assert "--- requirements.txt" in terminal.shown
    assert f"-{OTHER}" in terminal.shown
    assert "Your site [ fresh ] at [ here ] is up: https://fresh.example" in terminal.shown
    assert SECRET not in terminal.shown
    assert newcomer.hosting("config", "list").stdout.split()[0] == "SECRET_KEY"
    assert "TYPED" in newcomer.hosting("config", "list").stdout
    pip = [str(newcomer.home / "venv/bin/python"), "-I", "-m", "pip", "list", "--format=freeze"]
    assert OTHER in newcomer.type(pip).stdout.split()


def test_what_is_live_is_overwritten_only_if_that_is_wanted(
    tiny: Hosted, newcomer: Laptop
) -> None:
    newcomer.commit("Second thoughts")
    before = newcomer.hosting("releases").stdout

    with begin(newcomer) as terminal:
        terminal.answer("Update this environment?", "n")
        terminal.answer("Overwrite deployment [ fresh ] at [ here ]", "n")
        aborted = terminal.end()
    with begin(newcomer, "--no-interactive") as silent:
        refused = silent.end()
    piped = newcomer.hosting("deploy", check=False)

    assert aborted == 1
    assert refused == piped.returncode == 2
    for shown in (silent.shown, piped.stdout):
        assert "Nobody is there to be asked: Overwrite deployment [ fresh ] at [ here ]?" in shown
        assert "Say --yes." in " ".join(shown.split())
    assert newcomer.hosting("releases").stdout == before


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting-tiny")]
