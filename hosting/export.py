"""`hosting export`: the site as two archives, for those who deploy by hand."""

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import click

from .deploying import git
from .ssh import Unreachable

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same files make the same archive, whenever it is made


@click.command()
@click.option("--frontend-only", is_flag=True, help="Only frontend.zip.")
@click.option("--backend-only", is_flag=True, help="Only backend.zip.")
@click.option("--to", default=".", type=click.Path(file_okay=False), help="The folder for them.")
def export(frontend_only: bool, backend_only: bool, to: str) -> None:
    """Write frontend.zip (static files, nginx's error pages) and backend.zip (what is committed).

    Example: python -m hosting export --to /tmp
    """
    top = Path(git("rev-parse", "--show-toplevel"))
    if not git("rev-parse", "HEAD") or (frontend_only and backend_only):
        raise click.UsageError("Say at most one of the two, in a git repository with a commit.")
    if not Path(to).is_dir():
        raise click.UsageError(f"There is no folder {to}.")
    if not backend_only:
        pack_frontend(top, Path(to, "frontend.zip"))
        click.echo(f"{to}/frontend.zip")
    if not frontend_only:
        pack = ["git", "archive", "--format=zip", "--output", f"{to}/backend.zip", "HEAD"]
        subprocess.run(pack, check=True)
        click.echo(f"{to}/backend.zip")


def pack_frontend(top: Path, archive: Path) -> None:
    """Collect static files as a deploy does, and add the pages that nginx shows by itself."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "STATIC_COLLECTED": folder}
        collect = [str(top / "bin/post_compile")]
        done = subprocess.run(
            collect, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Unreachable(f"bin/post_compile failed: {done.stderr.strip()}")
        found = {str(file.relative_to(folder)): file for file in Path(folder).rglob("*.*")}
        pages = {f"_nginx/{file.name}": file for file in top.glob("deploy/nginx/*/pages/*")}
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, file in sorted((found | pages).items()):
                if file.is_file() and not Path(name).name.startswith("."):
                    entry = zipfile.ZipInfo(name, LONG_AGO)
                    packed.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
