"""Every command of docs/deploying/server.md, in order, on a bare server."""

import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.platforms.server.debian_server import Connection, Server
from tests.support.doc_commands import Command, commands
from tests.support.podman import Podman
from tests.support.repository import ROOT
from tests.support.servers import fetch
from tests.support.traffic import Traffic

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("server")]

PAGE = ROOT / "docs/deploying/server.md"
COMMANDS = commands(PAGE)
RELEASE, BACKUPS = "Deploy a release", "Backups"
SECTIONS = list(dict.fromkeys(command.section for command in COMMANDS))
# Introductions of commands that no test runs.
ELSEWHERE = {
    "This command needs a public DNS name and is not tested:",
    "These commands are not tested; the configuration file they install is:",
}
PASSWORD = "correct horse battery staple"
STDIN = {"flask users create": f"{PASSWORD}\n{PASSWORD}\n"}
CLIENTS = 16


@pytest.fixture(scope="module")
def origin(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository that the server clones."""
    folder = tmp_path_factory.mktemp("yours") / "flasky"
    shutil.copytree(clone, folder)
    return folder


@pytest.fixture(scope="module")
def server(engine: Podman, origin: Path) -> Iterator[Server]:
    with Server(engine, origin) as server:
        yield server


def run_command(server: Server, command: Command) -> None:
    """Run a command, and check its output."""
    text = command.text.replace("ADDRESS-OF-YOUR-COPY", "/origin")
    stdin = next((text_ for begin, text_ in STDIN.items() if text.startswith(begin)), "")
    completed = server.run(text, stdin)
    assert completed.returncode == 0, f"{text}\n{completed.stdout}"
    assert command.matches(completed.stdout), (
        f"{text}\n{completed.stdout}\ninstead of\n{command.output}"
    )


def run_section(server: Server, section: str) -> None:
    """Run all commands of a section that can be tested."""
    if section == "nginx":
        server.install_certificate()
    for command in COMMANDS:
        if command.section == section and command.context not in ELSEWHERE:
            run_command(server, command)


def publish(origin: Path) -> str:
    """Commit a new file; return the commit."""
    (origin / "app/static/new.txt").write_text("new")
    git = ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.com"]
    for words in (["add", "."], ["commit", "--quiet", "--message", "New"]):
        subprocess.run([*git, *words], cwd=origin, check=True)
    head = ["git", "rev-parse", "HEAD"]
    return subprocess.run(
        head, cwd=origin, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.mark.parametrize("section", SECTIONS)
def test_commands_of_the_section_produce_the_documented_output(
    server: Server, origin: Path, section: str
) -> None:
    if section != RELEASE:
        run_section(server, section)
        return
    new = publish(origin)
    connect = partial(Connection, server.ports[443], server.tls())
    with Traffic(connect, "/auth/login", clients=CLIENTS, keep_alive=True) as traffic:
        run_section(server, section)
    print(f"Restart under {CLIENTS} clients: {dict(traffic.outcomes)}")
    assert set(traffic.outcomes) == {"200"}
    assert server.run("git -C /srv/flasky rev-parse HEAD").stdout.strip() == new


def test_server_starts_again_after_a_power_cycle(server: Server) -> None:
    server.power_cycle()
    server.wait()
    run_section(server, BACKUPS)
    assert fetch(Connection(server.ports[443], server.tls()), "/healthz").status == 200
