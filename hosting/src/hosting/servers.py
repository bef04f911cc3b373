"""The servers that you are logged in to, in a file of mode 0600."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from .agent.paths import write
from .project import git


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

    @property
    def git_url(self) -> str:
        """The URL of the git remote."""
        host = f"[{self.host}]" if ":" in self.host else self.host  # an IPv6 address
        return f"ssh://{self.app}@{host}:{self.port}/{self.app}"


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


def of_repository() -> list[Server]:
    """Return the servers that are git remotes of the current directory."""
    return [one for one in load() if git("remote", "get-url", one.name) == one.git_url]


def select(app: str | None, names: tuple[str, ...] = ()) -> list[Server]:
    """Return the servers with these names, or the only one; raise click.UsageError otherwise.

    If `app` is None and there are several, the app is that of the current directory's git remotes.
    """
    candidates = [one for one in load() if app in (None, one.app)]
    if len({one.app for one in candidates}) > 1:
        own = {one.app for one in of_repository() if not names or one.name in names}
        candidates = [one for one in candidates if one.app in own] or candidates
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
