"""The value of a variable reaches the app and nothing else."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from threading import Event, Thread

import pytest

from .hosted_app import HostedApp

CANARY = f"canary-{token_hex(8)}"
ODD = 'it\'s "odd" = 100% #1 $HOME `id`\r\n and two lines \\n ☃ '.encode() + b"\xff\x0b"
QUERIES = (
    "status", "releases", "config list", "build-logs", "logs --no-follow", "list", "list --json",
    "status --json", "config list --json", "releases --json", "keys list",
)  # fmt: skip


@contextmanager
def recorded_command_lines() -> Iterator[set[str]]:
    """Record the command lines of all processes, including those in containers."""
    seen: set[str] = set()
    stop = Event()

    def record() -> None:
        while not stop.wait(0.05):
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    seen.add(file.read_text(errors="replace"))

    recording = Thread(target=record)
    recording.start()
    try:
        yield seen
    finally:
        stop.set()
        recording.join()


@dataclass(frozen=True)
class Recorded:
    """The output of commands after a secret was set, and all command lines."""

    output: str
    command_lines: str


@pytest.fixture(scope="module")
def recorded(only_tiny: HostedApp) -> Recorded:
    """Set a secret, deploy an app that prints it, and run every query."""
    workstation = only_tiny.workstation
    procfile = (workstation.clone / "Procfile").read_text()
    with recorded_command_lines() as command_lines:
        outputs = [workstation.hosting("config", "set", "CANARY", stdin=CANARY).stdout]
        workstation.commit("Prints it", {"Procfile": f"{procfile}release: echo $CANARY\n"})
        outputs.append(workstation.git("push", "fra", "main").stdout)
        outputs += [workstation.hosting(*query.split()).stdout for query in QUERIES]
        wrong = workstation.hosting("config", "set", "not-a-name", stdin=CANARY, check=False)
    with_value = workstation.hosting("config", "set", f"NAME={CANARY}", check=False)
    workstation.reset()
    assert wrong.returncode == with_value.returncode == 2
    return Recorded(
        "\n".join([*outputs, wrong.stdout, with_value.stdout]), "\n".join(command_lines)
    )


def test_no_command_prints_a_secret(recorded: Recorded) -> None:
    assert "CANARY" in recorded.output
    assert "[hidden]" in recorded.output
    assert CANARY not in recorded.output


def test_secret_is_not_in_command_lines(recorded: Recorded) -> None:
    assert "hosting\0config\0set\0CANARY" in recorded.command_lines  # on the workstation
    assert "/srv/tiny/hosting\0deploy" in recorded.command_lines  # on the server
    assert CANARY not in recorded.command_lines


@pytest.mark.usefixtures("recorded")
def test_secret_is_not_in_logs(tiny: HostedApp) -> None:
    tiny.get("/seen-by-nginx?token=query")
    tiny.get(f"/confirm/{'t' * 40}")
    logs = "/srv/tiny/audit.jsonl /srv/tiny/releases/*/build.log"
    show = f"journalctl --no-pager --all; ps axww; cat {logs}; grep -r '' /var/log --include=*.log"

    shown = tiny.server.root(f"({show}) 2>&1", check=False)

    assert "config: CANARY" in shown  # in the audit log
    assert '"path":"/seen-by-nginx"' in shown
    assert '"path":"/confirm/[hidden]"' in shown
    assert CANARY not in shown


@pytest.mark.usefixtures("recorded")
def test_only_the_app_can_read_files_with_the_secret(tiny: HostedApp) -> None:
    shown = tiny.server.root(
        f"grep -rl {CANARY} /srv /etc /var /tmp /home /root 2>/dev/null "
        "| xargs stat -c '%U %a %n' || true"
    )

    lines = shown.splitlines()
    assert lines
    assert {tuple(line.split()[:2]) for line in lines} == {("tiny", "600")}, shown


def test_value_is_passed_byte_for_byte(tiny: HostedApp) -> None:
    file = tiny.workstation.home / "odd"
    file.write_bytes(ODD)

    tiny.workstation.hosting("config", "set", "ODD", "--file", str(file))
    code = "import os, json; print(json.dumps(list(os.environb[b'ODD'])))"
    shown = tiny.workstation.hosting("run", "--", "python", "-c", code).stdout

    assert bytes(json.loads(shown)) == ODD


def test_file_of_variables_is_imported(tiny: HostedApp) -> None:
    file = "export FIRST='two words' # comment\nSECOND=\"a\\nb\"\n"

    tiny.workstation.hosting("config", "import", "-", stdin=file)
    invalid = tiny.workstation.hosting("config", "import", "-", stdin="A=1\n'\n", check=False)
    code = "import os; print([os.environ['FIRST'], os.environ['SECOND']])"
    shown = tiny.workstation.hosting("run", "--", "python", "-c", code).stdout

    assert shown == "['two words', 'a\\nb']\n"
    assert invalid.returncode == 2
    assert "Line 2 of <stdin>" in invalid.stdout
    tiny.workstation.hosting("config", "unset", "FIRST", "SECOND")
