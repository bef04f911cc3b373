"""`deploy` asks for what is missing; without a terminal, that is an error."""

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from .hosted_app import TINY, HostedApp
from .terminal import Terminal
from .workstation import HOSTING, Workstation

SECRET = "typed-and-never-shown"
OTHER = "click==8.1.0"


@pytest.fixture(scope="module")
def newcomer(
    only_tiny: HostedApp, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workstation]:
    """A workstation that is not logged in to the app `fresh`, with an environment of its own."""
    workstation = Workstation(tmp_path_factory.mktemp("newcomer"), TINY)
    wanted = TINY["requirements.txt"].read_text()
    workstation.commit("Pin", {"requirements.txt": f"{wanted}{OTHER}\n", ".gitignore": ".venv\n"})
    only_tiny.server.authorize(workstation.public_key)
    workstation.set_up(only_tiny.server, "fresh", domain="fresh.example")
    workstation.hosting("logout")
    subprocess.run([sys.executable, "-m", "venv", workstation.clone / ".venv"], check=True)
    socket = str(workstation.home / "agent")
    # ssh-agent exits with `cat`, whose standard input closes even if the tests are killed.
    agent = subprocess.Popen(["ssh-agent", "-a", socket, "cat"], stdin=subprocess.PIPE)
    workstation.environment["SSH_AUTH_SOCK"] = socket
    workstation.run(["sh", "-c", f"until ssh-add -q {workstation.key}; do sleep 0.1; done"])
    yield workstation
    agent.communicate()


def deploy(workstation: Workstation, *options: str) -> Terminal:
    command = [*HOSTING, "deploy", *options]
    return Terminal(command, workstation.clone, workstation.environment)


def test_first_deploy_asks_for_everything(tiny: HostedApp, newcomer: Workstation) -> None:
    with deploy(newcomer) as terminal:
        terminal.answer("APP@HOST[:PORT]: ", f"fresh@127.0.0.1:{tiny.server.ports[22]}")
        terminal.answer("Region name", "here")
        terminal.answer("Does your provider's console show this host key for 127.0.0.1?", "y")
        terminal.answer("Update this environment?", "y")
        terminal.answer("Environment variable", "TYPED")
        terminal.answer("Value of TYPED", SECRET)
        terminal.answer("Environment variable", "")
        status = terminal.exit_status()

    assert status == 0, terminal.output
    assert "--- requirements.txt" in terminal.output
    assert f"-{OTHER}" in terminal.output
    assert "Your site [ fresh ] at [ here ] is up: https://fresh.example" in terminal.output
    assert SECRET not in terminal.output
    variables = newcomer.hosting("config", "list").stdout
    assert re.findall(r"^\w+", variables, re.MULTILINE) == ["SECRET_KEY", "TYPED"]
    pip = [".venv/bin/python", "-I", "-m", "pip", "list", "--format=freeze"]
    assert OTHER in newcomer.run(pip).stdout.split()


@pytest.mark.usefixtures("tiny")
def test_overwriting_needs_confirmation(newcomer: Workstation) -> None:
    newcomer.commit("Second", {"requirements.txt": "gunicorn\nclick==8.1.1\n"})
    before = newcomer.hosting("releases").stdout

    with deploy(newcomer) as terminal:
        terminal.answer("Update this environment?", "n")
        terminal.answer("Overwrite deployment [ fresh ] at [ here ]", "n")
        aborted = terminal.exit_status()
    with deploy(newcomer, "--no-interactive") as silent:
        refused = silent.exit_status()
    piped = newcomer.hosting("deploy", check=False)

    assert aborted == 1
    assert refused == piped.returncode == 2
    for output in (silent.output, piped.stdout):
        assert "Confirmation needed: Overwrite deployment [ fresh ] at [ here ]?" in output
        assert "Pass --yes." in " ".join(output.split())
    assert newcomer.hosting("releases").stdout == before
