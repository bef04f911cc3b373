"""The whole site by compose.yaml: Docker Compose itself, with podman behind it."""

import json
import re
from http.client import HTTPException
from pathlib import Path
from typing import Any

from tests.mailbox import free_port
from tests.system.servers import connect, fetch

from .engine import Done, Engine


class Stack:
    """What `docker compose` runs in the folder `clone`, on a port that is free."""

    def __init__(self, engine: Engine, clone: Path) -> None:
        self.engine = engine
        self.clone = clone
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self.host = f"localhost:{port}"
        engine.environment["FLASKY_PUBLISH"] = self.address
        # Networks have names that are known all over this machine.
        engine.environment["COMPOSE_PROJECT_NAME"] = f"flasky-{engine.folder.name}"

    def type(self, command: str, *, check: bool = True, said: str = "") -> Done:
        """Type a command in a shell."""
        shell = ["bash", "-c", command]
        if not re.search("compose (up|run)", command):
            return self.engine.type(shell, self.clone, check=check, said=said)
        with self.engine.asking_for_health():
            return self.engine.type(shell, self.clone, check=check, said=said)

    def release(self) -> str | None:
        """Return the name of the release that answers; None if nobody does."""
        try:
            return fetch(connect(self.host), "/readyz").headers["X-Release"]
        except (OSError, HTTPException):
            return None

    def containers(self) -> dict[str, dict[str, Any]]:
        """Return what the engine knows of the container of each service."""
        ids = self.type("docker compose ps --all --quiet").stdout.split()
        found = json.loads(self.engine.docker("inspect", *ids).stdout)
        label = "com.docker.compose.service"
        return {container["Config"]["Labels"][label]: container for container in found}
