"""A local stand-in for Heroku with one app: it builds what is pushed, and runs it.

Domains and backups are only recorded. Its API is in api.py, its router in router.py.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.platforms.paas.dyno import Dyno, Web, Worker
from tests.platforms.paas.redis_tls import SelfSignedRedis
from tests.platforms.paas.slug import Slug, build
from tests.support.databases import EphemeralPostgres

KINDS: dict[str, Callable[[Slug, dict[str, str]], Dyno]] = {"web": Web, "worker": Worker}
DOMAIN = "my-flasky-0123456789ab.herokuapp.com"


class Rejected(Exception):
    """The request is invalid; the message says why."""


@dataclass(frozen=True)
class Release:
    """Code and config vars."""

    version: int
    description: str
    slug: Slug | None
    commit: str
    variables: dict[str, str]


@dataclass
class App:
    """The state of the app."""

    name: str
    releases: list[Release] = field(default_factory=list)
    formation: dict[str, int] = field(default_factory=lambda: {"web": 1, "worker": 0})
    addons: list[str] = field(default_factory=list)
    domains: list[str] = field(default_factory=list)
    drains: list[str] = field(default_factory=list)
    features: set[str] = field(default_factory=set)
    in_maintenance: bool = False

    @property
    def current(self) -> Release:
        """The latest release."""
        return self.releases[-1]


class Platform:
    """Runs the app: dynos start with the first request, from the latest release.

    `packages` is the virtual environment of earlier builds.
    """

    def __init__(self, folder: Path, packages: Path, postgres: EphemeralPostgres) -> None:
        self.folder, self.packages, self.postgres = folder, packages, postgres
        self.app: App | None = None
        self.dynos: list[Dyno] = []
        self.logs: list[str] = []
        self._running: tuple[int, dict[str, int]] | None = None
        self._dynos, self._servers = ExitStack(), ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
        self._servers.close()

    def create(self, name: str) -> App:
        """Create the app."""
        self.app = App(name)
        self.app.releases.append(Release(1, "Initial release", None, "", {}))
        return self.app

    def destroy(self) -> None:
        """Delete the app."""
        self.stop()
        self.app = None

    def set(self, variables: dict[str, str | None]) -> Release:
        """Set config vars, and unset those that are None."""
        merged = self._app.current.variables | variables
        kept = {name: value for name, value in merged.items() if value is not None}
        words = "Set" if any(variables.values()) else "Remove"
        return self._release(f"{words} {', '.join(variables)} config vars", kept)

    def add(self, plan: str) -> str:
        """Add an add-on; return the name of its config var."""
        service = plan.partition(":")[0]
        if service == "heroku-postgresql":
            url = self.postgres.new_database().replace("postgresql+psycopg2:", "postgres:")
            name = "DATABASE_URL"
        elif service == "heroku-redis":
            url = self._servers.enter_context(SelfSignedRedis(self.folder)).address
            name = "REDIS_URL"
        else:
            raise Rejected(f"Couldn't find either the add-on service or the add-on plan of {plan}")
        self._app.addons.append(plan)
        self._release(f"Attach {name}", self._app.current.variables | {name: url})
        return name

    def push(self, commit: str) -> str:
        """Build and release `commit`, whose archive is in the folder; return the output."""
        variables = self._app.current.variables
        archive = self.folder / f"{commit}.tar"
        slug, output = build(archive, self._new_folder(), self.packages, variables)
        done = slug.run(slug.processes["release"], variables | {"DYNO": "release.1"})
        self.logs += done.stderr.splitlines()
        output += done.stdout
        if done.returncode != 0:  # the old release keeps running
            return f"{output}{done.stderr}Release command failed.\n"
        self._release(f"Deploy {commit[:8]}", variables, slug, commit)
        return f"{output}Released v{self._app.current.version}\n"

    def roll_back(self, version: int) -> Release:
        """Create a release with the code and the config vars of an earlier one."""
        old = self._app.releases[version - 1]
        words = f"Rollback to v{version}"
        return self._release(words, old.variables, old.slug, old.commit)

    def scale(self, kind: str, quantity: int) -> None:
        """Set the number of processes of a type."""
        if kind not in KINDS:
            raise Rejected(f"Couldn't find that process type ({kind}).")
        self._app.formation[kind] = quantity

    def environment(self) -> dict[str, str]:
        """Return the environment of a one-off dyno."""
        release = self._app.current
        told = dict(release.variables)
        if "runtime-dyno-metadata" in self._app.features:
            told["HEROKU_RELEASE_VERSION"] = f"v{release.version}"
        if "runtime-dyno-build-metadata" in self._app.features:
            told["HEROKU_BUILD_COMMIT"] = release.commit
        return told

    def start(self) -> None:
        """Start the dynos of the latest release, and stop all others."""
        release, wanted = self._app.current, dict(self._app.formation)
        if release.slug is None or self._running == (release.version, wanted):
            return
        self.stop()
        for kind, quantity in wanted.items():
            for _ in range(quantity):
                dyno = KINDS[kind](release.slug, self.environment())
                self.dynos.append(self._dynos.enter_context(dyno))
        self._running = (release.version, wanted)

    def stop(self) -> None:
        """End all processes, and keep what they have output."""
        for dyno in self.dynos:
            dyno.end()
            self.logs += dyno.log.splitlines()
        self._dynos.close()
        self.dynos.clear()
        self._running = None

    def log(self) -> list[str]:
        """Return what all processes have output so far."""
        return self.logs + [line for dyno in self.dynos for line in dyno.log.splitlines()]

    def web(self) -> Web | None:
        """Return a web dyno, or None."""
        self.start()
        return next((dyno for dyno in self.dynos if isinstance(dyno, Web)), None)

    @property
    def _app(self) -> App:
        if self.app is None:
            raise Rejected("Couldn't find that app.")
        return self.app

    def _release(
        self,
        description: str,
        variables: dict[str, str],
        slug: Slug | None = None,
        commit: str | None = None,
    ) -> Release:
        current = self._app.current
        code = (slug or current.slug, current.commit if commit is None else commit)
        release = Release(current.version + 1, description, *code, variables)
        self._app.releases.append(release)
        return release

    def _new_folder(self) -> Path:
        folder = self.folder / f"slug{time.monotonic_ns()}"
        folder.mkdir()
        return folder
