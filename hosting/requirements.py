"""Is what was tested here what will be installed there? requirements.txt and this environment."""

import difflib
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import click

from . import questions
from .server import source
from .ssh import Unreachable

PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==([^\s;\\]+)\s*(;?)", re.MULTILINE)


def compare(top: Path, *, ask: bool) -> None:
    """Show how this environment differs from requirements.txt; offer to change it."""
    shown = difference(top)
    if not shown:
        return
    click.echo(shown)
    click.echo("The server installs the left side, and this environment has the right one.")
    if ask and questions.is_anybody_there() and click.confirm("Update this environment?"):
        pip = [sys.executable, "-m", "pip", "install", "-r", str(top / "requirements.txt")]
        if subprocess.run(pip, check=False).returncode:
            raise Unreachable("pip could not install requirements.txt; its words are above.")


def difference(top: Path) -> str:
    """Return the difference as a unified diff; nothing, if there is none."""
    wanted, found = [], []
    for file in source.requirements(top):
        for name, version, marker in PIN.findall(file.read_text()):
            here = installed(name)
            if here or not marker:  # with a marker it may be that it is not for this machine
                wanted.append(f"{name}=={version}")
                found += [f"{name}=={here}"] if here else []
    names = ("requirements.txt", "this environment")
    return "\n".join(difflib.unified_diff(wanted, found, *names, n=0, lineterm=""))


def installed(name: str) -> str | None:
    """Return the version of a package that is installed here, if it is."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
