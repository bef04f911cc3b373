"""A container of the site with reduced privileges."""

import re
from functools import partial
from http.client import HTTPException
from typing import Self

from tests.support.podman import TIMEOUT, Completed, Podman
from tests.support.servers import Response, connect, eventually, fetch

IMAGE = "flasky"
URL = "http://localhost:8000"
RESTRICTIONS = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")


class Container:
    """A detached container: `docker run` with `arguments`, and its port published."""

    def __init__(self, engine: Podman, *arguments: str) -> None:
        self.engine = engine
        published = ("--publish", "127.0.0.1::8000")
        completed = engine.docker("run", "--detach", *published, *RESTRICTIONS, *arguments)
        self.id = completed.stdout.split()[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.engine.docker("rm", "--force", "--time", "0", self.id)

    @property
    def log(self) -> str:
        """Its output so far."""
        return self.engine.docker("logs", self.id).stdout

    @property
    def address(self) -> str:
        """The published address of its port."""
        return self.engine.docker("port", self.id, "8000").stdout.strip()

    def inspect(self, template: str) -> str:
        """Return a field of `docker inspect`."""
        return self.engine.docker("inspect", "--format", template, self.id).stdout.strip()

    def run(self, *arguments: str, check: bool = True) -> Completed:
        """Run a command in it."""
        return self.engine.docker("exec", self.id, *arguments, check=check)

    def get(self, path: str, **headers: str) -> Response:
        """Request a page of its site."""
        return fetch(connect(self.address), path, headers={"Host": "localhost:8000", **headers})

    def wait_for(self, text: str) -> None:
        """Return once its output contains `text`."""
        eventually(lambda: text in self.log, text, TIMEOUT)

    def wait_until_ready(self) -> None:
        """Return once its site is ready."""
        eventually(partial(self.is_ok, "/readyz"), "the site is ready", TIMEOUT)

    def is_ok(self, path: str) -> bool:
        """Return True if the response is a 200."""
        try:
            return self.get(path).status == 200
        except (OSError, HTTPException):
            return False

    def run_healthcheck(self) -> str:
        """Run its healthcheck; return the health status."""
        self.engine.docker("healthcheck", "run", self.id, check=False)
        return self.inspect("{{.State.Health.Status}}")

    def signal(self, name: str) -> None:
        """Send a signal to its main process."""
        self.engine.docker("kill", "--signal", name, self.id)

    def exit_code(self) -> int:
        """Wait until it has exited; return the exit code."""
        return int(self.engine.docker("wait", self.id).stdout)


def style_sheet(page: bytes) -> str:
    """Return the URL of a style sheet of the page."""
    found = re.search(r'href="(/static/[^"]+\.css)"', page.decode())
    assert found is not None, page
    return found[1]
