"""`flask static`: collect the static files."""

from datetime import timedelta

import click
from flask import current_app
from flask.cli import AppGroup

from ..models import utcnow
from ..static_files.collect import static_files, static_folders, write_release
from ..static_files.hashing import CircularReference
from ..static_files.views import static_root
from .reporting import one_line

static = AppGroup("static", help="Collect static files for nginx or the application to serve.")


@static.command("collect")
@click.option(
    "--prune-days",
    default=30,
    show_default=True,
    type=click.IntRange(1, 36_500),
    help="Days to keep the files of earlier releases, for pages that are still open.",
)
def collect(prune_days: int) -> None:
    """Copy the static files to STATIC_ROOT, with compressed copies.

    Run it before each release starts. It is idempotent; concurrent runs wait for each other.
    """
    root = static_root(current_app)
    for source in static_folders():
        if source.is_relative_to(root) or root.is_relative_to(source):
            raise click.ClickException(
                f"STATIC_ROOT ({root}) overlaps with {source}, which contains the original files. "
                "Set it to a separate folder."
            )
    try:
        counts = write_release(root, static_files(), timedelta(days=prune_days), utcnow())
    except CircularReference as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(
            f"Cannot collect the static files: {one_line(error)}. "
            "Set STATIC_ROOT to a folder with free space that this user can write to."
        ) from None
    click.echo(
        f"{root}: {counts['written']} written, {counts['unchanged']} unchanged, "
        f"{counts['kept']} of earlier releases kept, {counts['pruned']} pruned."
    )
