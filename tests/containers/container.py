"""One container of the site, as somebody careful starts it."""

import re
from functools import partial
from http.client import HTTPException
from typing import Self

from tests.system.servers import Answer, connect, eventually, fetch

from .engine import PATIENCE, Done, Engine

IMAGE = "flasky"
URL = "http://localhost:8000"
CONFINED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")


class Container:
    """A container in the background: `docker run --detach` with `words`, its port published."""

    def __init__(self, engine: Engine, *words: str) -> None:
        self.engine = engine
        published = ("--publish", "127.0.0.1::8000")
        done = engine.docker("run", "--detach", *published, *CONFINED, *words)
        self.id = done.stdout.split()[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.engine.docker("rm", "--force", "--time", "0", self.id)

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self.engine.docker("logs", self.id).stdout

    @property
    def address(self) -> str:
        """Where its port is reached."""
        return self.engine.docker("port", self.id, "8000").stdout.strip()

    def tell(self, template: str) -> str:
        """Return what the engine knows of it."""
        return self.engine.docker("inspect", "--format", template, self.id).stdout.strip()

    def run(self, *words: str, check: bool = True) -> Done:
        """Run another program in it."""
        return self.engine.docker("exec", self.id, *words, check=check)

    def get(self, path: str, **headers: str) -> Answer:
        """Ask the site in it."""
        return fetch(connect(self.address), path, headers={"Host": "localhost:8000", **headers})

    def wait_for(self, text: str) -> None:
        """Return once it has written `text`."""
        eventually(lambda: text in self.log, text, PATIENCE)

    def wait_until_ready(self) -> None:
        """Return once the site in it can do its work."""
        eventually(partial(self.answers, "/readyz"), "the site is ready", PATIENCE)

    def answers(self, path: str) -> bool:
        """Tell whether the site says yes."""
        try:
            return self.get(path).status == 200
        except (OSError, HTTPException):
            return False

    def ask_for_health(self) -> str:
        """Run its healthcheck; return what that makes of it, and of what was before."""
        self.engine.docker("healthcheck", "run", self.id, check=False)
        return self.tell("{{.State.Health.Status}}")

    def signal(self, name: str) -> None:
        """Send a signal to its first process."""
        self.engine.docker("kill", "--signal", name, self.id)

    def exit_code(self) -> int:
        """Wait until it has ended, and return with what."""
        return int(self.engine.docker("wait", self.id).stdout)


def style_sheet(page: bytes) -> str:
    """Return the address of a style sheet of the page."""
    found = re.search(r'href="(/static/[^"]+\.css)"', page.decode())
    assert found is not None, page
    return found[1]
