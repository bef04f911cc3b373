"""`backup copy-to`: copies of the backups on another machine, encrypted, by restic."""

import re
from typing import BinaryIO

import click

from . import env_file, provision, ssh
from .options import root_options, run_steps
from .provision import Step
from .servers import Server

REQUIRED = ("RESTIC_REPOSITORY", "RESTIC_PASSWORD")
SAVE = "umask 077; mkdir -p -m 755 /etc/hosting; cat >/etc/hosting/{0}.restic"


@click.command("copy-to")
@click.argument("file", type=click.File("rb"))
@root_options
def copy_to(file: BinaryIO, admin: str, server: Server) -> None:
    """Copy the backups to a repository of restic, now and every day. FILE sets restic's variables.

    Example: hosting backup copy-to restic.env
    """
    variables = env_file.read(file)
    missing = [name for name in REQUIRED if not variables.get(name)]
    if missing or any("\n" in value for value in variables.values()):
        raise click.UsageError(
            f"{file.name} must set {' and '.join(REQUIRED)}, and the credentials for that "
            "repository, such as AWS_ACCESS_KEY_ID; each in one line."
        )
    # On standard input: command lines are visible in ps.
    save = ssh.ssh(server, ["sh", "-c", SAVE.format(server.app)], admin)
    ssh.capture(
        server, save, "".join(f"{name}={quoted(one)}\n" for name, one in variables.items())
    )
    run_steps(server, admin, steps(server.app))


def quoted(value: str) -> str:
    """Return a value as in systemd's EnvironmentFile."""
    return '"' + re.sub(r'(["\\$`])', r"\\\1", value) + '"'


def steps(app: str) -> list[Step]:
    """Install restic, and create a backup and its first copy."""
    unit = f"hosting-offsite@{app}"
    output = f"journalctl --unit {unit} --output cat --identifier restic --identifier sh -n 5"
    return [
        provision.packages("restic"),
        Step(
            f"copy of the backups of {app}",
            "false",
            f"systemctl start hosting-backup@{app}; "
            f"systemctl start {unit} || {{ {output}; exit 1; }}",
        ),
    ]
