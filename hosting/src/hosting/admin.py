"""Commands that need root on the server, besides setup: doctor, delete."""

import click

from . import doctor, provision, servers, ssh, teardown
from .options import root_options, run_steps
from .servers import Server


@click.command("doctor")
@root_options
def run_doctor(admin: str, server: Server) -> None:
    """Check the server, and print what to do about each failed check.

    Example: hosting doctor
    """
    apps = ssh.capture(server, ssh.ssh(server, ["sh", "-c", doctor.APPS], admin)).split()
    script = provision.script(doctor.checks(server.app, apps), dry=True)
    output = ssh.capture(server, ssh.ssh(server, ["sh", "-s"], admin), script)
    for line in output.splitlines():
        click.echo(line.partition(" - ")[0] if line.startswith("ok") else line)
    if "to do" in output:
        raise SystemExit(1)


@click.command()
@click.argument("name")
@click.option("--confirm", metavar="NAME", help="Repeat the name.")
@root_options
def delete(name: str, confirm: str | None, admin: str, server: Server) -> None:
    """Delete an app: site, code, database, user. Its backups stay in /var/backups.

    Example: hosting delete blog --confirm blog
    """
    if name != server.app or confirm != name:
        raise click.UsageError(f"This deletes {server.app}. Repeat its name: --confirm NAME.")
    run_steps(server, admin, teardown.steps(name))
    servers.remove(server)


COMMANDS = [run_doctor, delete]
