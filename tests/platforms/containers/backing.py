"""A container network with PostgreSQL and Redis."""

from contextlib import ExitStack

from tests.support.base_images import images_of_compose
from tests.support.podman import Podman
from tests.support.servers import eventually

PASSWORD = "of-the-database"

# Their URLs inside the network.
DATABASE_URL = f"postgresql://flasky:{PASSWORD}@postgresql/flasky"
REDIS_URL = "redis://redis:6379/0"


class Backing:
    """A new network; `gateway` is the host's address in it, `database` a URL for the host."""

    def __init__(self, stack: ExitStack, podman: Podman) -> None:
        self.stack, self.podman = stack, podman
        self.network = f"site-{podman.folder.name}"
        podman.docker("network", "create", self.network)
        stack.callback(podman.docker, "network", "rm", "--force", self.network)
        address = self._start_postgresql()
        self.database = f"postgresql+psycopg2://flasky:{PASSWORD}@{address}/flasky"
        image = next(name for name in images_of_compose() if "redis" in name)
        self._start("redis", 6379, "--user=redis", image, "redis-server")
        # Last: a network has a gateway once it has a container.
        self.gateway = podman.docker(
            "inspect",
            "--format={{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}",
            f"{self.network}-redis",
        ).stdout.strip()

    def _start_postgresql(self) -> str:
        password = self.podman.folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o444)
        image = next(name for name in images_of_compose() if "postgres" in name)
        variables = {"DB": "flasky", "USER": "flasky", "PASSWORD_FILE": "/password"}
        arguments = [f"--env=POSTGRES_{name}={text}" for name, text in variables.items()]
        arguments += [f"--volume={password}:/password:ro", "--user=postgres"]
        address = self._start("postgresql", 5432, *arguments, image)
        # Over TCP: during initialization it listens on its Unix socket only.
        is_ready = ("exec", f"{self.network}-postgresql", "pg_isready", "--host=127.0.0.1")
        eventually(
            lambda: self.podman.docker(*is_ready, check=False).returncode == 0, "PostgreSQL"
        )
        return address

    def _start(self, name: str, port: int, *arguments: str) -> str:
        """Start a container; return the published address of its port."""
        container = f"{self.network}-{name}"
        network = ("--network", self.network, "--network-alias", name)
        published = ("--publish", f"127.0.0.1::{port}")
        self.podman.docker("run", "-d", "--name", container, *network, *published, *arguments)
        self.stack.callback(self.podman.docker, "rm", "--force", "--time", "0", container)
        return self.podman.docker("port", container, str(port)).stdout.strip()
