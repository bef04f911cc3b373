"""Keeping it going: maintenance, run, backup, doctor; and the end: delete."""

import click

from . import machine, regions, ssh, steps
from .deploying import finish
from .options import one_region
from .regions import Region


@click.command()
@click.argument("state", type=click.Choice(["on", "off"]))
@click.option("--message", default="", help="What the page says beside that.")
@one_region
def maintenance(state: str, message: str, region: Region) -> None:
    """Answer everybody with 503 and when to come back; probes and static files go on.

    Example: python -m hosting maintenance on --message "Back at ten."
    """
    finish(region, "maintenance", state, *([message] if message else []))


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="[--] COMMAND…")
@one_region
def run(words: tuple[str, ...], region: Region) -> None:
    """Run a command in the live release, with its environment; its code is ours.

    Example: python -m hosting run -- flask users list
    """
    finish(region, "run", *words)


@click.group()
def backup() -> None:
    """Dumps of the database. One is made every day."""


@backup.command("create")
@one_region
def create_backup(region: Region) -> None:
    """Make one now, and read it back.

    Example: python -m hosting backup create
    """
    finish(region, "backup", "create")


@backup.command("list")
@one_region
def list_backups(region: Region) -> None:
    """Show all, with their sizes in bytes.

    Example: python -m hosting backup list
    """
    finish(region, "backup", "list")


@backup.command("restore")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@one_region
def restore_backup(name: str, yes: bool, region: Region) -> None:
    """Put a backup in place of what is in the database. What was there is backed up first.

    Example: python -m hosting backup restore 20260131T020000Z.dump
    """
    if not yes:
        raise click.UsageError("This replaces all data. Say --yes if that is meant.")
    finish(region, "backup", "restore", name)


@click.command()
@click.option("--admin", default="root", show_default=True, help="Who may look at all of it.")
@one_region
def doctor(admin: str, region: Region) -> None:
    """Look whether the server is well; what is not is told with what to do.

    Example: python -m hosting doctor
    """
    text = steps.script(machine.health(region.app), dry=True)
    said = ssh.ask(region, ssh.ssh(region, ["sh", "-s"], admin), text)
    click.echo(said, nl=False)
    if "to do" in said:
        raise SystemExit(1)


@click.command()
@click.argument("name")
@click.option("--confirm", metavar="NAME", help="The name once more.")
@click.option("--admin", default="root", show_default=True, help="Who may take it away.")
@one_region
def delete(name: str, confirm: str | None, admin: str, region: Region) -> None:
    """Take an app away: site, code, database, user. Its backups stay in /var/backups.

    Example: python -m hosting delete blog --confirm blog
    """
    if name != region.app or confirm != name:
        raise click.UsageError(f"This deletes {region.app}. Say its name twice: --confirm NAME.")
    text = steps.script(machine.removal(name), dry=False)
    if ssh.go(region, ssh.ssh(region, ["sh", "-s"], admin), text):
        raise SystemExit(1)
    regions.forget(region)


COMMANDS = [maintenance, run, backup, doctor, delete]
