"""The servers that you are logged in to, in a file of mode 0600."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from .agent.paths import write


@dataclass(frozen=True)
class Server:
    """An app on a server. `name` is what --region expects and the name of the git remote."""

    name: str
    app: str
    host: str
    port: int = 22
    identity: str = ""
    url: str = ""

    @property
    def known_hosts_name(self) -> str:
        """The name of the server in known_hosts."""
        return self.host if self.port == 22 else f"[{self.host}]:{self.port}"


def folder() -> Path:
    """Return the configuration directory of hosting."""
    return Path(click.get_app_dir("hosting"))


def load() -> list[Server]:
    """Return all servers."""
    try:
        entries = json.loads((folder() / "servers.json").read_text())
    except FileNotFoundError:
        return []
    return [Server(**entry) for entry in entries]


def add(server: Server) -> None:
    """Add a server, or replace the one with the same name and app."""
    _save([*_others(server), server])


def remove(server: Server) -> None:
    """Remove a server."""
    _save(_others(server))


def select(app: str | None, names: tuple[str, ...] = ()) -> list[Server]:
    """Return the servers with these names, or the only one; raise click.UsageError otherwise."""
    candidates = [one for one in load() if app in (None, one.app)]
    if names:
        selected = [one for name in names for one in candidates if one.name == name]
        if len(selected) != len(names):
            raise click.UsageError(f"No such region. Available: {_listed(candidates)}.")
        return selected
    if not candidates:
        raise click.UsageError("Not logged in to this app. Log in: hosting login APP@HOST")
    if len(candidates) > 1:
        raise click.UsageError(f"Choose one with --region and --app: {_listed(candidates)}.")
    return candidates


def _listed(servers: list[Server]) -> str:
    return ", ".join(f"{one.name} ({one.app})" for one in servers) or "none"


def _others(server: Server) -> list[Server]:
    return [one for one in load() if (one.name, one.app) != (server.name, server.app)]


def _save(servers: list[Server]) -> None:
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    write(folder() / "servers.json", json.dumps([asdict(one) for one in servers], indent=1))
