"""What root does, now and then: look whether all is well, and take an app away."""

import click

from . import machine, regions, removal, ssh, steps
from .options import as_root
from .regions import Region


@click.command()
@as_root
def doctor(admin: str, region: Region) -> None:
    """Look whether the server is well; what is not is told with what to do.

    Example: python -m hosting doctor
    """
    text = steps.script(machine.health(region.app), dry=True)
    said = ssh.ask(region, ssh.ssh(region, ["sh", "-s"], admin), text)
    for line in said.splitlines():
        click.echo(line.partition(" - ")[0] if line.startswith("ok") else line)
    if "to do" in said:
        raise SystemExit(1)


@click.command()
@click.argument("name")
@click.option("--confirm", metavar="NAME", help="The name once more.")
@as_root
def delete(name: str, confirm: str | None, admin: str, region: Region) -> None:
    """Take an app away: site, code, database, user. Its backups stay in /var/backups.

    Example: python -m hosting delete blog --confirm blog
    """
    if name != region.app or confirm != name:
        raise click.UsageError(f"This deletes {region.app}. Say its name twice: --confirm NAME.")
    text = steps.script(removal.removal(name), dry=False)
    if ssh.go(region, ssh.ssh(region, ["sh", "-s"], admin), text):
        raise SystemExit(1)
    regions.forget(region)


COMMANDS = [doctor, delete]
