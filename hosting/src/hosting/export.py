"""`hosting export`: the site as two archives, for manual deployments."""

import os
import subprocess
import tempfile
import zipfile
from pathlib import Path

import click

from . import project
from .agent.paths import CommandError

EPOCH = (1980, 1, 1, 0, 0, 0)  # a constant time makes the archive reproducible


@click.command()
@click.option("--frontend-only", is_flag=True, help="Write frontend.zip only.")
@click.option("--backend-only", is_flag=True, help="Write backend.zip only.")
@click.option("--to", default=".", type=click.Path(file_okay=False), help="The output directory.")
def export(frontend_only: bool, backend_only: bool, to: str) -> None:
    """Write frontend.zip (static files) and backend.zip (the current commit).

    Example: hosting export --to /tmp
    """
    top = Path(project.git("rev-parse", "--show-toplevel"))
    if not project.git("rev-parse", "HEAD") or (frontend_only and backend_only):
        raise click.UsageError("Pass at most one of the two, in a git repository with a commit.")
    if not Path(to).is_dir():
        raise click.UsageError(f"{to} is not a directory.")
    if not backend_only:
        pack_frontend(top, Path(to, "frontend.zip"))
        click.echo(f"{to}/frontend.zip")
    if not frontend_only:
        pack = ["git", "archive", "--format=zip", "--output", f"{to}/backend.zip", "HEAD"]
        subprocess.run(pack, check=True)
        click.echo(f"{to}/backend.zip")


def pack_frontend(top: Path, archive: Path) -> None:
    """Collect the static files with bin/post_compile, as a deploy does, and pack them."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{project.environment(top) or ''}/bin:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "STATIC_ROOT": folder}
        done = subprocess.run(
            [str(top / "bin/post_compile")],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise CommandError(f"bin/post_compile failed: {done.stderr.strip()}")
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for file in sorted(Path(folder).rglob("*.*")):
                if file.is_file() and not file.name.startswith("."):
                    entry = zipfile.ZipInfo(str(file.relative_to(folder)), EPOCH)
                    packed.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
