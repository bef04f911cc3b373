"""Commands that only forward their arguments to the agent; the docstrings are the help."""

import click

from .options import remote_command, run_remote, server_options
from .servers import Server

json = click.option("--json", is_flag=True, help="Print JSON.")
name = click.argument("name")


@click.group()
def keys() -> None:
    """Manage the ssh keys that may deploy. Only root can change them."""


@click.group()
def backup() -> None:
    """Manage database backups. One is created every day."""


@click.group()
def config() -> None:
    """Manage environment variables. Their values are never shown."""


@remote_command("keys list", keys)
def list_keys() -> None:
    """List the names of all keys.

    Example: hosting keys list
    """


@remote_command("keys add", keys, as_root=True)
@name
def add_key() -> None:
    """Add a public key, read from standard input.

    Example: hosting keys add ann < ann.pub
    """


@remote_command("keys remove", keys, as_root=True)
@name
def remove_key() -> None:
    """Remove a key.

    Example: hosting keys remove ann
    """


@remote_command("config list", config)
@json
def list_config() -> None:
    """List names, ages and digests of variables. Equal digests mean equal values.

    Example: hosting config list
    """


@remote_command("config unset", config)
@click.argument("names", nargs=-1, required=True)
def unset_config() -> None:
    """Remove variables and deploy a new release.

    Example: hosting config unset MAIL_PASSWORD
    """


@remote_command("backup create", backup)
def create_backup() -> None:
    """Create a backup and verify that it can be read.

    Example: hosting backup create
    """


@remote_command("backup list", backup)
def list_backups() -> None:
    """List all backups with their sizes in bytes.

    Example: hosting backup list
    """


@remote_command("backup restore", backup)
@name
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def restore_backup() -> None:
    """Replace the contents of the database by a backup. The current data is backed up first.

    Example: hosting backup restore 20260131T020000.000000Z.dump --yes
    """


@remote_command("drill", backup)
def drill() -> None:
    """Restore the newest backup into a scratch database, and count its rows, as every month.

    Example: hosting backup drill
    """


@remote_command("releases")
@json
def releases() -> None:
    """List all releases, newest first.

    Example: hosting releases
    """


@remote_command("status")
@json
def status() -> None:
    """Show the live release, its processes, disk space and the certificate's validity.

    Example: hosting status
    """


@remote_command("check")
@click.option("--test", is_flag=True, help="Send a message to ALERT_URL instead.")
def check() -> None:
    """Print what is wrong with the app; exits with 1 if there is anything.

    Example: hosting check
    """


@remote_command("build-logs")
@click.option("--release", type=int, help="The release (default: the last one).")
def build_logs() -> None:
    """Show the build log of a release.

    Example: hosting build-logs --release 42
    """


@remote_command("rollback")
@click.argument("number", type=int, required=False)
def rollback() -> None:
    """Deploy code and settings of release NUMBER again (default: the previous version).

    Example: hosting rollback 41
    """


@remote_command("scale")
@click.argument("numbers", nargs=-1, required=True, metavar="PROCESS=NUMBER...")
def scale() -> None:
    """Set the number of processes, with zero downtime.

    Example: hosting scale web=3 worker=2
    """


@remote_command("restart")
@click.argument("process", required=False, metavar="[PROCESS]")
def restart() -> None:
    """Restart all processes, with zero downtime, or those of one name.

    Example: hosting restart worker
    """


@remote_command("maintenance")
@click.argument("state", type=click.Choice(["on", "off"]))
@click.option("--message", help="Text to show on the page.")
def maintenance() -> None:
    """Turn maintenance mode on or off: 503 for all requests but probes and static files.

    Example: hosting maintenance on --message "Back at ten."
    """


@remote_command("run", ignore_unknown_options=True)
@click.argument(
    "command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="[--] COMMAND..."
)
def run() -> None:
    """Run a command in the live release, in a terminal if there is one; exits with its status.

    Example: hosting run -- flask db current
    """


@click.command()
@server_options
def shell(server: Server) -> None:
    """Open a shell in the live release, with the variables of the app.

    Example: hosting shell
    """
    run_remote(server, "run", "bash")


@click.command()
@server_options
def psql(server: Server) -> None:
    """Open the app's database in psql, or run the SQL on standard input.

    Example: hosting psql < report.sql
    """
    run_remote(server, "run", "sh", "-c", 'exec psql -v ON_ERROR_STOP=1 "$DATABASE_URL"')


@click.command("open")
@server_options
def open_site(server: Server) -> None:
    """Open the site in your browser, and print its URL.

    Example: hosting open
    """
    click.echo(server.url)
    click.launch(server.url, wait=True)


COMMANDS: list[click.Command] = [
    keys, config, backup, releases, status, check, build_logs, rollback, scale, restart,
    maintenance, run, shell, psql, open_site,
]  # fmt: skip
