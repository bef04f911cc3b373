"""Every command of docs/deploying/containers.md is typed, from the first to the last."""

from collections.abc import Iterator

import pytest

from tests.manual import commands
from tests.repository import ROOT
from tests.system.servers import eventually

from .container import IMAGE
from .stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("containers")]

PAGE = ROOT / "docs/deploying/containers.md"
COMMANDS = commands(PAGE)
CHAPTERS = list(dict.fromkeys(command.chapter for command in COMMANDS))

PRINT = "printf 'FROM flasky\\nENV FLASKY_RELEASE=43\\n' | docker build -t flasky -f - ."
RELEASE = "A new release"
CREATE = "flask users create bob@example.com bob --role Administrator"
# What is typed in another way here, and why.
INSTEAD = {
    # The image has been built already, by the other command of this page that builds it.
    "COMMIT=$(git rev-parse HEAD) docker compose build": PRINT,
    "docker build -t flasky --build-arg COMMIT=$(git rev-parse HEAD) --build-arg RELEASE=42 .": (
        "docker inspect flasky"
    ),
    # There is no terminal on which a password could be typed.
    "docker compose exec web flask users create ann@example.com ann --role Administrator": (
        f"docker compose exec -T web {CREATE} --password 'correct horse battery' >/dev/null 2>&1"
    ),
}


@pytest.fixture(scope="module")
def shell(stack: Stack) -> Iterator[Stack]:
    """The site, and its image put back as it was when other tests follow."""
    stack.engine.docker("tag", IMAGE, f"{IMAGE}:before")
    yield stack
    stack.engine.docker("tag", f"{IMAGE}:before", IMAGE)


def type_chapter(shell: Stack, chapter: str) -> None:
    """Type the commands of a chapter, and compare what comes back with what the page shows."""
    for command in COMMANDS:
        if command.chapter == chapter:
            text = INSTEAD.get(command.text, command.text)
            for there, here in (("127.0.0.1:8000", shell.address), ("localhost:8000", shell.host)):
                text = text.replace(there, here)
            done = shell.type(text, check=False)
            assert done.returncode == 0, f"{text}\n{done.stdout}"
            assert command.fits(done.stdout), f"{text}\n{done.stdout}\nand not\n{command.answer}"


def test_new_release_replaces_the_site_and_nothing_else(shell: Stack) -> None:
    before = shell.containers()
    type_chapter(shell, RELEASE)
    eventually(lambda: shell.release() == "43", "the new release serves")
    after = shell.containers()
    replaced = {name for name in before if after[name]["Id"] != before[name]["Id"]}
    assert replaced == {"web", "worker"}


@pytest.mark.parametrize("chapter", [chapter for chapter in CHAPTERS if chapter != RELEASE])
def test_commands_of_the_chapter_do_what_the_page_says(shell: Stack, chapter: str) -> None:
    type_chapter(shell, chapter)


def test_what_is_typed_in_another_way_is_on_the_page() -> None:
    assert set(INSTEAD) <= {command.text for command in COMMANDS}
