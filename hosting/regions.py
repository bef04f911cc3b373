"""The servers that this user has logged in to: regions, remembered in a file of mode 0600."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from .server.places import write


@dataclass(frozen=True)
class Region:
    """An app on a server, by the name that is given to the server."""

    name: str
    app: str
    host: str
    port: int = 22
    identity: str = ""
    url: str = ""


def folder() -> Path:
    """Return the folder with what is remembered."""
    return Path(click.get_app_dir("hosting"))


def remembered() -> list[Region]:
    """Return all regions."""
    try:
        entries = json.loads((folder() / "regions.json").read_text())
    except FileNotFoundError:
        return []
    return [Region(**entry) for entry in entries]


def remember(region: Region) -> None:
    """Add a region, in place of one with that name and app."""
    _write([*others(region), region])


def forget(region: Region) -> None:
    """Remember a region no longer."""
    _write(others(region))


def others(region: Region) -> list[Region]:
    """Return all regions but this one."""
    known = remembered()
    return [one for one in known if (one.name, one.app) != (region.name, region.app)]


def chosen(app: str | None, names: tuple[str, ...] = ()) -> list[Region]:
    """Return the regions that are meant: those named, or the only one; else a usage error."""
    fitting = [one for one in remembered() if app in (None, one.app)]
    if names:
        found = [one for name in names for one in fitting if one.name == name]
        if len(found) != len(names):
            raise click.UsageError(f"There is no such region. Those here: {listed(fitting)}.")
        return found
    if not fitting:
        raise click.UsageError("No such app is known here: python -m hosting login NAME@HOST")
    if len(fitting) > 1:
        raise click.UsageError(f"Which one? Say --region, and --app: {listed(fitting)}.")
    return fitting


def listed(regions: list[Region]) -> str:
    """Return the names of regions, as a sentence has them."""
    return ", ".join(f"{one.name} ({one.app})" for one in regions) or "none"


def _write(regions: list[Region]) -> None:
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    write(folder() / "regions.json", json.dumps([asdict(region) for region in regions], indent=1))
