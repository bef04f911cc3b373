"""An app on a server: what readers get, and whether everything on the server says the same."""

from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from tests.containers.bare import Bare
from tests.repository import ROOT, files
from tests.system.servers import Answer, eventually

from .laptop import Done, Laptop, ask

# What is current, what nginx asks, what serves, and which releases nobody knows the end of; the
# lock must be free.
LOOK = """
cd /srv/{0}
readlink state/current run/live.sock
systemctl --user -M {0}@ list-units --plain --no-legend --all 'process-web@*' | cut -d' ' -f1,3
grep -L '"result"' releases/*/release.json
flock --nonblock state/lock echo free
"""


@dataclass(frozen=True)
class Hosted:
    """An app on a server, the laptop it is deployed from, and what `setup` and `deploy` said."""

    name: str
    domain: str
    server: Bare
    laptop: Laptop
    set_up: Done
    deployed: Done

    @property
    def release(self) -> int:
        """Which release answers; nginx keeps other pages than this for a second."""
        return int(self.ask("/readyz").headers["X-Release"])

    def ask(self, path: str) -> Answer:
        """Open a page of the site."""
        return ask(self.server, path, self.domain)

    def answers(self) -> bool:
        """Tell whether the site can do its work."""
        try:
            return self.ask("/readyz").status == 200
        except (OSError, HTTPException):
            return False

    def push(self) -> Done:
        """Push what is committed, whatever comes of it."""
        return self.laptop.git("push", "sjc", "main", check=False)

    def looks(self) -> str:
        """Return how things are on the server."""
        return self.server.root(LOOK.format(self.name), check=False)

    def looks_live(self) -> str:
        """Return how they are if the release that answers is live, all of it, and no other is."""
        number = self.release
        process = f"process-web@{number}-1.service active"
        return f"/srv/{self.name}/releases/{number}\n{number}.sock\n{process}\nfree\n"

    def assert_nothing_is_between(self) -> None:
        """Expect one release to be live, and all to be of one mind about it."""
        assert self.looks() == self.looks_live()

    def settle(self) -> None:
        """Return once nothing is between."""
        eventually(lambda: self.answers() and self.looks() == self.looks_live(), "it is settled")


def host(laptop: Laptop, server: Bare, app: str, domain: str, *words: str) -> Hosted:
    """Make a bare server that of an app, and deploy it for the first time."""
    server.let_in(laptop.public)
    set_up = laptop.set_up(server, app, "--region", "sjc", *words, domain=domain)
    return Hosted(app, domain, server, laptop, set_up, laptop.hosting("deploy", "--yes"))


def the_site() -> dict[str, Path]:
    """Return the files of this repository."""
    return {str(path): ROOT / path for path in files()}
