"""Every command of docs/deploying/containers.md, in order."""

from collections.abc import Iterator

import pytest

from tests.platforms.containers.container import IMAGE
from tests.platforms.containers.stack import Stack
from tests.support.doc_commands import commands
from tests.support.repository import ROOT
from tests.support.servers import eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("containers")]

PAGE = ROOT / "docs/deploying/containers.md"
COMMANDS = commands(PAGE)
SECTIONS = list(dict.fromkeys(command.section for command in COMMANDS))

PRINT = f"printf 'FROM {IMAGE}\\nENV RELEASE=43\\n' | docker build -t {IMAGE} -f - ."
RELEASE = "Deploy a release"
CREATE = "flask users create bob@example.com bob --role Administrator"
# Commands that the tests replace, and why.
INSTEAD = {
    # The image exists already: another documented command builds it.
    "COMMIT=$(git rev-parse HEAD) docker compose build": PRINT,
    f"docker build -t {IMAGE} --build-arg COMMIT=$(git rev-parse HEAD) --build-arg RELEASE=42 .": (
        f"docker inspect {IMAGE}"
    ),
    # There is no terminal to enter a password.
    "docker compose exec web flask users create ann@example.com ann --role Administrator": (
        f"docker compose exec -T web {CREATE} --password 'correct horse battery' >/dev/null 2>&1"
    ),
}


@pytest.fixture(scope="module")
def shell(stack: Stack) -> Iterator[Stack]:
    """The site; its image is restored afterwards."""
    stack.engine.docker("tag", IMAGE, f"{IMAGE}:before")
    yield stack
    stack.engine.docker("tag", f"{IMAGE}:before", IMAGE)


def run_section(shell: Stack, section: str) -> None:
    """Run the commands of a section, and check their output."""
    for command in COMMANDS:
        if command.section == section:
            text = INSTEAD.get(command.text, command.text)
            for there, here in (("127.0.0.1:8000", shell.address), ("localhost:8000", shell.host)):
                text = text.replace(there, here)
            completed = shell.run(text, check=False)
            assert completed.returncode == 0, f"{text}\n{completed.stdout}"
            assert command.matches(completed.stdout), (
                f"{text}\n{completed.stdout}\ninstead of\n{command.output}"
            )


def test_new_release_replaces_only_the_site(shell: Stack) -> None:
    before = shell.containers()
    run_section(shell, RELEASE)
    eventually(lambda: shell.release() == "43", "the new release serves")
    after = shell.containers()
    replaced = {name for name in before if after[name]["Id"] != before[name]["Id"]}
    assert replaced == {"web", "worker"}


@pytest.mark.parametrize("section", [section for section in SECTIONS if section != RELEASE])
def test_commands_of_the_section_produce_the_documented_output(shell: Stack, section: str) -> None:
    run_section(shell, section)


def test_replaced_commands_are_on_the_page() -> None:
    assert set(INSTEAD) <= {command.text for command in COMMANDS}
