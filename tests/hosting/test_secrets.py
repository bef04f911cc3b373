"""A secret is where it is needed, and nowhere else; and one app sees nothing of another."""

import json
from secrets import token_hex

import pytest

from .conftest import Hosted

CANARY = f"canary-{token_hex(8)}"  # not in this file, which the site is deployed with
ODD = 'it\'s "odd" = 100% #1 $HOME `id`\n and two lines \\n ☃ '


@pytest.fixture(scope="module")
def told(tiny: Hosted) -> str:
    """Everything that was said by commands after a secret was set."""
    laptop = tiny.laptop
    said = [laptop.hosting("config", "set", "CANARY", said=CANARY).stdout]
    laptop.commit("Prints it", Procfile="release: echo $CANARY\nweb: gunicorn tiny:app\n")
    said.append(laptop.git("push", "--force", "sjc", "main").stdout)
    looks = (
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
    said += [laptop.hosting(*words.split()).stdout for words in looks]
    said.append(laptop.hosting("config", "set", "not-a-name", said=CANARY, check=False).stdout)
    return "\n".join(said)


def test_no_command_tells_a_secret(told: str) -> None:
    assert "CANARY" in told
    assert "[hidden]" in told
    assert CANARY not in told


def test_secret_is_in_no_journal_log_or_process_list(tiny: Hosted, told: str) -> None:
    look = "journalctl --no-pager --all; ps axww; cat /srv/tiny/state/audit.jsonl /var/log/*.log"

    shown = tiny.server.root(f"{look} /srv/tiny/releases/*/build.log 2>/dev/null || true")

    assert "CANARY" in shown  # the audit tells that it was set
    assert CANARY not in shown


def test_only_the_app_can_read_the_files_that_hold_it(tiny: Hosted, told: str) -> None:
    shown = tiny.server.root(
        f"grep -rl {CANARY} /srv /etc /var /tmp /home /root 2>/dev/null "
        "| xargs stat -c '%U %a %n' || true"
    )

    lines = shown.splitlines()
    assert lines
    assert {tuple(line.split()[:2]) for line in lines} == {("tiny", "600")}, shown


@pytest.mark.parametrize(
    "what",
    [
        "config/settings.json",
        "site.json",
        "releases",
        "repo.git",
        "run",
        "static",
        "backups",
        "state",
        ".ssh/authorized_keys",
        "redis",
    ],
)
def test_another_app_reads_nothing(tiny: Hosted, flasky: Hosted, what: str) -> None:
    look = f"runuser -u tiny -- sh -c 'ls /srv/flasky/{what}/ || cat /srv/flasky/{what}'"

    assert "Permission denied" in tiny.server.root(f"{look} 2>&1 || true")


def test_another_app_has_no_database_of_ours(tiny: Hosted, flasky: Hosted) -> None:
    shown = tiny.server.root("runuser -u tiny -- psql flasky -c 'select 1' 2>&1 || true")

    assert 'role "tiny" does not exist' in shown


def test_another_app_cannot_change_what_root_has_put_there(tiny: Hosted, flasky: Hosted) -> None:
    look = (
        "runuser -u tiny -- sh -c 'echo x >/srv/tiny/hosting/__main__.py; mv /srv/tiny/hosting x'"
    )

    shown = tiny.server.root(f"{look} 2>&1 || true")

    assert shown.count("Permission denied") == 2, shown


def test_value_arrives_byte_for_byte(tiny: Hosted) -> None:
    file = tiny.laptop.home / "odd"
    file.write_text(ODD)

    tiny.laptop.hosting("config", "set", "ODD", "--file", str(file))
    show = "import os, json; print(json.dumps(os.environ['ODD']))"
    shown = tiny.laptop.hosting("run", "--", "python", "-c", show).stdout

    assert json.loads(shown) == ODD


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting")]
