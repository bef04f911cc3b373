"""docs/deploying/server.md, typed from its first line to its last on a bare machine."""

import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.manual import Command, commands
from tests.repository import ROOT
from tests.system.servers import fetch
from tests.system.traffic import Traffic

from .engine import Engine
from .server import Connection, Server

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("server")]

PAGE = ROOT / "docs/deploying/server.md"
COMMANDS = commands(PAGE)
RELEASE, BACKUPS = "A new release", "Backups"
CHAPTERS = list(dict.fromkeys(command.chapter for command in COMMANDS))
# What no test types, as the page says before it.
ELSEWHERE = {
    "No test types this, since it needs a name that all the world knows:",
    "No test types these lines; the file that they copy is run by one:",
}
PASSWORD = "correct horse battery staple"
SAID = {"flask users create": f"{PASSWORD}\n{PASSWORD}\n"}
CLIENTS = 16


@pytest.fixture(scope="module")
def origin(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Your copy, where others can get it."""
    folder = tmp_path_factory.mktemp("yours") / "flasky"
    shutil.copytree(clone, folder)
    return folder


@pytest.fixture(scope="module")
def server(engine: Engine, origin: Path) -> Iterator[Server]:
    with Server(engine, origin) as server:
        yield server


def type_command(server: Server, command: Command) -> None:
    """Type a command, and expect what the page shows."""
    text = command.text.replace("ADDRESS-OF-YOUR-COPY", "/origin")
    said = next((said for begin, said in SAID.items() if text.startswith(begin)), "")
    done = server.type(text, said)
    assert done.returncode == 0, f"{text}\n{done.stdout}"
    assert command.fits(done.stdout), f"{text}\n{done.stdout}\ninstead of\n{command.answer}"


def type_chapter(server: Server, chapter: str) -> None:
    """Type all commands of a chapter that can be typed here."""
    if chapter == "nginx":
        server.certify()
    for command in COMMANDS:
        if command.chapter == chapter and command.place not in ELSEWHERE:
            type_command(server, command)


def publish(origin: Path) -> str:
    """Commit something new; return its name."""
    (origin / "app/static/new.txt").write_text("new")
    git = ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.com"]
    for words in (["add", "."], ["commit", "--quiet", "--message", "New"]):
        subprocess.run([*git, *words], cwd=origin, check=True)
    head = ["git", "rev-parse", "HEAD"]
    return subprocess.run(
        head, cwd=origin, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_commands_of_the_chapter_do_what_the_page_says(
    server: Server, origin: Path, chapter: str
) -> None:
    if chapter != RELEASE:
        type_chapter(server, chapter)
        return
    new = publish(origin)
    connect = partial(Connection, server.ports[443], server.tls())
    with Traffic(connect, "/auth/login", clients=CLIENTS, kept=True) as readers:
        type_chapter(server, chapter)
    print(f"A restart under {CLIENTS} clients: {dict(readers.outcomes)}")
    assert set(readers.outcomes) == {"200"}
    assert server.type("git -C /srv/flasky rev-parse HEAD").stdout.strip() == new


def test_machine_comes_back_after_its_power_was_cut(server: Server) -> None:
    server.cut_power()
    server.wait()
    type_chapter(server, BACKUPS)
    assert fetch(Connection(server.ports[443], server.tls()), "/healthz").status == 200
