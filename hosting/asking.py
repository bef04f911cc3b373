"""Commands that the server answers by itself: their docstrings are the help, and all there is."""

import click

from .options import passed_on

json = click.option("--json", is_flag=True, help="For programs.")
name = click.argument("name")


@click.group()
def keys() -> None:
    """Who may deploy: ssh keys, each with a name."""


@click.group()
def backup() -> None:
    """Dumps of the database. One is made every day."""


@click.group()
def config() -> None:
    """Variables of the site. Their values are never shown."""


@passed_on("keys list", keys)
def list_keys() -> None:
    """Show the names of all keys.

    Example: python -m hosting keys list
    """


@passed_on("keys add", keys)
@name
def add_key() -> None:
    """Let in the public key that is on standard input.

    Example: python -m hosting keys add ann < ann.pub
    """


@passed_on("keys remove", keys)
@name
def remove_key() -> None:
    """Let a key in no longer.

    Example: python -m hosting keys remove ann
    """


@passed_on("config list", config)
@json
def list_config() -> None:
    """Show names, ages, and a digest that tells whether two values differ.

    Example: python -m hosting config list
    """


@passed_on("config unset", config)
@click.argument("names", nargs=-1, required=True)
def unset_config() -> None:
    """Forget variables. Makes a release.

    Example: python -m hosting config unset MAIL_PASSWORD
    """


@passed_on("backup create", backup)
def create_backup() -> None:
    """Make one now, and read it back.

    Example: python -m hosting backup create
    """


@passed_on("backup list", backup)
def list_backups() -> None:
    """Show all, with their sizes in bytes.

    Example: python -m hosting backup list
    """


@passed_on("backup restore", backup)
@name
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore_backup() -> None:
    """Put a backup in place of what is in the database. What was there is backed up first.

    Example: python -m hosting backup restore 20260131T020000Z.dump --yes
    """


@passed_on("releases")
@json
def releases() -> None:
    """Show the history: what was deployed, by whom, and what became of it.

    Example: python -m hosting releases
    """


@passed_on("status")
@json
def status() -> None:
    """Show what is live, what runs, and what is left of disk and certificate.

    Example: python -m hosting status
    """


@passed_on("build-logs")
@click.option("--release", type=int, help="Which one (default: the last).")
def build_logs() -> None:
    """Show what was written while a release was made, whatever became of it.

    Example: python -m hosting build-logs --release 42
    """


@passed_on("rollback")
@click.argument("number", type=int, required=False)
def rollback() -> None:
    """Make a new release of the code and the settings of an earlier one: the last, or NUMBER.

    Example: python -m hosting rollback 41
    """


@passed_on("scale")
@click.argument("numbers", nargs=-1, required=True, metavar="PROCESS=NUMBER…")
def scale() -> None:
    """Say how many processes there are of each kind. Readers do not notice.

    Example: python -m hosting scale web=3 worker=2
    """


@passed_on("restart")
@click.argument("process", required=False, metavar="[PROCESS]")
def restart() -> None:
    """Start everything anew, or one kind of process. Readers do not notice.

    Example: python -m hosting restart worker
    """


@passed_on("maintenance")
@click.argument("state", type=click.Choice(["on", "off"]))
@click.option("--message", help="What the page says beside that.")
def maintenance() -> None:
    """Answer everybody with 503 and when to come back; probes and static files go on.

    Example: python -m hosting maintenance on --message "Back at ten."
    """


@passed_on("run", ignore_unknown_options=True)
@click.argument(
    "command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="[--] COMMAND…"
)
def run() -> None:
    """Run a command in the live release, with its environment; its code is ours.

    Example: python -m hosting run -- flask users list
    """


COMMANDS: list[click.Command] = [
    keys, config, backup, releases, status, build_logs, rollback, scale, restart, maintenance, run,
]  # fmt: skip
