"""Backups are copied to another machine, encrypted, and can be restored from there."""

from collections.abc import Iterator

import pytest

from .hosted_app import HostedApp

NAME = "20260131T020000.000000Z.dump"
CONTENTS = "canary-of-the-database"
# Another machine, reached by sftp; here it is another user of the same one.
VAULT = """
useradd --create-home vault && mkdir -m 700 ~vault/.ssh
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
cp /root/.ssh/id_ed25519.pub ~vault/.ssh/authorized_keys && chown -R vault: ~vault/.ssh
ssh-keyscan -t ed25519 localhost >>/root/.ssh/known_hosts 2>/dev/null
"""
VARIABLES = r"""
RESTIC_REPOSITORY=sftp:vault@localhost:copies
RESTIC_PASSWORD='with "quotes", $dollar and \'
"""
# As in the manual.
RESTORE = "cd /root; sh -ac '. ./restic.env; restic restore latest --host tiny --target /'"
FILES = "/root/restic.env /etc/hosting /var/backups/tiny/.copied /root/.ssh/id_ed25519*"
REMOVE = f"rm -rf {FILES}; userdel -r vault"


@pytest.fixture
def vault(tiny: HostedApp) -> Iterator[HostedApp]:
    """The minimal app, with a backup, and another machine."""
    tiny.server.root(VAULT)
    tiny.server.root(f"cat >/var/backups/tiny/{NAME}", stdin=CONTENTS)
    yield tiny
    tiny.server.root(f"{REMOVE}; rm -f /var/backups/tiny/{NAME}", check=False)


def test_backup_is_copied_and_restored(vault: HostedApp) -> None:
    server, workstation = vault.server, vault.workstation

    copied = workstation.hosting("backup", "copy-to", "-", stdin=VARIABLES, check=False)

    assert copied.returncode == 0, copied.stdout
    assert server.root("stat -c '%a %U' /etc/hosting/tiny.restic") == "600 root\n"
    assert server.root("ls ~vault/copies/data")
    assert not server.root(f"grep -r {CONTENTS} ~vault", check=False)
    server.root("cat >/root/restic.env", stdin=VARIABLES)
    server.root(f"rm /var/backups/tiny/{NAME}; {RESTORE}")
    assert server.root(f"cat /var/backups/tiny/{NAME}") == CONTENTS
    assert NAME in workstation.hosting("backup", "list").stdout

    server.root("touch -d '3 days ago' /var/backups/tiny/.copied")
    check = workstation.hosting("check", check=False)
    assert "There has been no copy of the backups for 72 hours." in check.stdout


def test_unreachable_repository_is_an_error(vault: HostedApp) -> None:
    variables = VARIABLES.replace("vault@", "nobody@")

    done = vault.workstation.hosting("backup", "copy-to", "-", stdin=variables, check=False)

    assert done.returncode == 1
    assert "failed   copy of the backups of tiny. Last output:" in done.stdout
    # The output of ssh itself is in there too, unless restic has ended before it has read it.
    assert "sftp:nobody@localhost:copies failed" in done.stdout


@pytest.mark.parametrize("variables", ["RESTIC_PASSWORD=x\n", "A='\n'\n"])
def test_incomplete_variables_are_a_usage_error(tiny: HostedApp, variables: str) -> None:
    done = tiny.workstation.hosting("backup", "copy-to", "-", stdin=variables, check=False)

    assert done.returncode == 2
    assert "must set RESTIC_REPOSITORY and RESTIC_PASSWORD" in " ".join(done.stdout.split())
