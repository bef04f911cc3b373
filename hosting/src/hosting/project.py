"""The project that is deployed: its repository, its Python environment, its requirements."""

import difflib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click

from . import prompts
from .agent import dependencies
from .agent.paths import CommandError

PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==([^\s;\\]+)\s*(;?)", re.MULTILINE)
LIST = """
import importlib.metadata, json
print(json.dumps({one.name: one.version for one in importlib.metadata.distributions()}))
"""


def git(*arguments: str) -> str:
    """Return the output of git; an empty string if it fails."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def environment(top: Path) -> Path | None:
    """Return the project's virtual environment: the active one, or .venv; None if there is none.

    Never the one that hosting is installed in, unless it belongs to the project.
    """
    for folder in (Path(os.environ.get("VIRTUAL_ENV") or top / ".venv"), top / ".venv"):
        is_own = folder.resolve() == Path(sys.prefix).resolve()
        if (folder / "bin/python").exists() and (top in folder.parents or not is_own):
            return folder
    return None


def compare_requirements(top: Path, *, ask: bool) -> None:
    """Print how the environment differs from requirements.txt, and offer to update it."""
    folder = environment(top) if (top / "requirements.txt").is_file() else None
    diff = difference(top, installed(folder)) if folder else ""
    if not diff:
        return
    click.echo(diff)
    click.echo("The server installs requirements.txt; your environment differs.")
    if ask and prompts.is_interactive() and click.confirm("Update this environment?"):
        pip = [f"{folder}/bin/python", "-m", "pip", "install", "-r", f"{top}/requirements.txt"]
        if subprocess.run(pip, check=False).returncode:
            raise CommandError("pip could not install requirements.txt; see its output above.")


def installed(environment: Path) -> dict[str, str]:
    """Return the versions of the packages in a virtual environment, by normalized name."""
    python = [f"{environment}/bin/python", "-I", "-c", LIST]
    output = subprocess.run(python, check=True, stdout=subprocess.PIPE).stdout
    return {normalize(name): version for name, version in json.loads(output).items()}


def normalize(name: str) -> str:
    """Return a package name in its normalized form."""
    return re.sub(r"[-_.]+", "-", name).lower()


def difference(top: Path, versions: dict[str, str]) -> str:
    """Return a unified diff of requirements.txt and installed versions; empty if they match."""
    wanted, found = [], []
    for file in dependencies.requirements(top):
        for name, version, marker in PIN.findall(file.read_text()):
            here = versions.get(normalize(name))
            if here or not marker:  # with a marker, the package may be for another platform
                wanted.append(f"{name}=={version}")
                found += [f"{name}=={here}"] if here else []
    names = ("requirements.txt", "your environment")
    return "\n".join(difflib.unified_diff(wanted, found, *names, n=0, lineterm=""))
