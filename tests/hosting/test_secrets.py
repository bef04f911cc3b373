"""A secret is where it is needed, and nowhere else."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from threading import Event, Thread

import pytest

from .hosted import Hosted

CANARY = f"canary-{token_hex(8)}"  # not in this file, which the site is deployed with
ODD = 'it\'s "odd" = 100% #1 $HOME `id`\r\n and two lines \\n ☃ '.encode() + b"\xff\x0b"


LOOKS = (
    "status",
    "releases",
    "config list",
    "build-logs",
    "logs --no-follow",
    "list",
    "list --json",
    "status --json",
    "config list --json",
    "releases --json",
    "keys list",
)


@contextmanager
def overhearing() -> Iterator[set[str]]:
    """Note the words that any process is started with, here or on a server, which is here, too."""
    heard: set[str] = set()
    over = Event()

    def listen() -> None:
        while not over.wait(0.05):
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    heard.add(file.read_text(errors="replace"))

    listening = Thread(target=listen)
    listening.start()
    try:
        yield heard
    finally:
        over.set()
        listening.join()


@dataclass(frozen=True)
class Told:
    """What commands have said after a secret was set, and what they were called with."""

    said: str
    heard: str


@pytest.fixture(scope="module")
def told(only_tiny: Hosted) -> Told:
    """Set a secret, deploy something that prints it, and ask everywhere."""
    laptop = only_tiny.laptop
    procfile = (laptop.clone / "Procfile").read_text()
    with overhearing() as heard:
        said = [laptop.hosting("config", "set", "CANARY", said=CANARY).stdout]
        laptop.commit("Prints it", Procfile=f"{procfile}release: echo $CANARY\n")
        said.append(laptop.git("push", "sjc", "main").stdout)
        said += [laptop.hosting(*words.split()).stdout for words in LOOKS]
        wrong = laptop.hosting("config", "set", "not-a-name", said=CANARY, check=False)
    with_value = laptop.hosting("config", "set", f"NAME={CANARY}", check=False)
    laptop.tidy()
    assert wrong.returncode == with_value.returncode == 2
    return Told("\n".join([*said, wrong.stdout, with_value.stdout]), "\n".join(heard))


def test_no_command_tells_a_secret(told: Told) -> None:
    assert "CANARY" in told.said
    assert "[hidden]" in told.said
    assert CANARY not in told.said


def test_secret_is_no_word_of_any_command(told: Told) -> None:
    assert "hosting\0config\0set\0CANARY" in told.heard  # on the laptop
    assert "/srv/tiny/hosting\0perform" in told.heard  # on the server
    assert CANARY not in told.heard


@pytest.mark.usefixtures("told")
def test_secret_is_in_no_journal_and_no_log(tiny: Hosted) -> None:
    tiny.ask("/seen-by-nginx")
    logs = "/srv/tiny/state/audit.jsonl /srv/tiny/releases/*/build.log"
    look = f"journalctl --no-pager --all; ps axww; cat {logs}; grep -r '' /var/log --include=*.log"

    shown = tiny.server.root(f"({look}) 2>&1", check=False)

    assert "config: CANARY" in shown  # the audit tells that it was set
    assert '"path":"/seen-by-nginx"' in shown
    assert CANARY not in shown


@pytest.mark.usefixtures("told")
def test_only_the_app_can_read_the_files_that_hold_it(tiny: Hosted) -> None:
    shown = tiny.server.root(
        f"grep -rl {CANARY} /srv /etc /var /tmp /home /root 2>/dev/null "
        "| xargs stat -c '%U %a %n' || true"
    )

    lines = shown.splitlines()
    assert lines
    assert {tuple(line.split()[:2]) for line in lines} == {("tiny", "600")}, shown


def test_value_arrives_byte_for_byte(tiny: Hosted) -> None:
    file = tiny.laptop.home / "odd"
    file.write_bytes(ODD)

    tiny.laptop.hosting("config", "set", "ODD", "--file", str(file))
    show = "import os, json; print(json.dumps(list(os.environb[b'ODD'])))"
    shown = tiny.laptop.hosting("run", "--", "python", "-c", show).stdout

    assert bytes(json.loads(shown)) == ODD
    assert "ODD" in tiny.laptop.hosting("config", "list").stdout


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting-tiny")]
