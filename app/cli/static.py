"""`flask static`: copies of the static files, for whoever serves them."""

import errno
from datetime import timedelta

import click
from flask import current_app
from flask.cli import AppGroup

from ..assets import files, folders
from ..collecting import UnreadableManifest, collection
from ..digests import CircularReference
from ..models import utcnow
from .telling import one_line

static = AppGroup("static", help="Static files: copies that nginx or the site itself serves.")

HINTS = {
    errno.ENOSPC: "Free some space on this disk and try again.",
    errno.EDQUOT: "Free some space of this user and try again.",
}
HINT = "Set STATIC_COLLECTED to a folder that this user may write to."


@static.command("collect")
@click.option(
    "--prune-days",
    default=30,
    show_default=True,
    type=click.IntRange(1, 36_500),
    help="How long files of earlier releases stay, for pages that are still open.",
)
def collect(prune_days: int) -> None:
    """Copy the static files, compressed too, to the folder STATIC_COLLECTED.

    Run it before every release starts. Running it twice changes nothing; several at once wait
    for one another.
    """
    copies = collection(current_app)
    for source in folders():
        if source.is_relative_to(copies.folder) or copies.folder.is_relative_to(source):
            raise click.ClickException(
                f"STATIC_COLLECTED is {copies.folder}, and {source} holds static files already. "
                "Choose a folder of its own."
            )
    try:
        outcome = copies.update(files(), timedelta(days=prune_days), utcnow())
    except (CircularReference, UnreadableManifest) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        hint = HINTS.get(error.errno or 0, HINT)
        raise click.ClickException(
            f"The static files were not collected: {one_line(error)}. {hint}"
        ) from None
    click.echo(
        f"{copies.folder}: {outcome.written} written, {outcome.unchanged} unchanged, "
        f"{outcome.kept} of earlier releases kept, {outcome.pruned} pruned."
    )
