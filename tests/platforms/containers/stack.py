"""The site of compose.yaml, run by Docker Compose on podman."""

import json
import re
from http.client import HTTPException
from pathlib import Path
from typing import Any

from tests.support.mailbox import free_port
from tests.support.podman import Completed, Podman
from tests.support.servers import connect, fetch


class Stack:
    """The services of compose.yaml in the folder `clone`, published on a free port."""

    def __init__(self, engine: Podman, clone: Path) -> None:
        self.engine = engine
        self.clone = clone
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self.host = f"localhost:{port}"
        engine.environment["FLASKY_PUBLISH"] = self.address
        # The names of networks are global.
        engine.environment["COMPOSE_PROJECT_NAME"] = f"flasky-{engine.folder.name}"

    def run(self, command: str, *, check: bool = True, stdin: str = "") -> Completed:
        """Run a shell command."""
        shell = ["bash", "-c", command]
        if not re.search("compose (up|run)", command):
            return self.engine.run(shell, self.clone, check=check, stdin=stdin)
        with self.engine.running_healthchecks():
            return self.engine.run(shell, self.clone, check=check, stdin=stdin)

    def release(self) -> str | None:
        """Return the release that responds, or None."""
        try:
            return fetch(connect(self.host), "/readyz").headers["X-Release"]
        except (OSError, HTTPException):
            return None

    def containers(self) -> dict[str, dict[str, Any]]:
        """Return `docker inspect` of the container of each service."""
        ids = self.run("docker compose ps --all --quiet").stdout.split()
        found = json.loads(self.engine.docker("inspect", *ids).stdout)
        label = "com.docker.compose.service"
        return {container["Config"]["Labels"][label]: container for container in found}
