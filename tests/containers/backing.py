"""What the containers of a site share: a network with PostgreSQL and Redis in it."""

from contextlib import ExitStack

from tests.system.servers import eventually

from .engine import Engine
from .images import images_of_compose

PASSWORD = "of-the-database"

# Where they are for those in the network.
DATABASE_URL = f"postgresql://flasky:{PASSWORD}@postgresql/flasky"
REDIS_URL = "redis://redis:6379/0"


class Backing:
    """A new network; `gateway` is this machine's address there, `database` a URL for this one."""

    def __init__(self, stack: ExitStack, podman: Engine) -> None:
        self.stack, self.podman = stack, podman
        self.network = f"site-{podman.folder.name}"
        podman.docker("network", "create", self.network)
        stack.callback(podman.docker, "network", "rm", "--force", self.network)
        address = self._start_postgresql()
        self.database = f"postgresql+psycopg2://flasky:{PASSWORD}@{address}/flasky"
        image = next(name for name in images_of_compose() if "redis" in name)
        self._start("redis", 6379, "--user=redis", image, "redis-server")
        # Only now, since a network has its address here once somebody is in it.
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
        words = [f"--env=POSTGRES_{name}={text}" for name, text in variables.items()]
        words += [f"--volume={password}:/password:ro", "--user=postgres"]
        address = self._start("postgresql", 5432, *words, image)
        # By TCP: while it is being set up, it answers at its socket alone.
        asking = ("exec", f"{self.network}-postgresql", "pg_isready", "--host=127.0.0.1")
        eventually(lambda: self.podman.docker(*asking, check=False).returncode == 0, "PostgreSQL")
        return address

    def _start(self, name: str, port: int, *words: str) -> str:
        """Start a container; return where its port is reached from here."""
        container = f"{self.network}-{name}"
        place = ("--network", self.network, "--network-alias", name)
        published = ("--publish", f"127.0.0.1::{port}")
        self.podman.docker("run", "-d", "--name", container, *place, *published, *words)
        self.stack.callback(self.podman.docker, "rm", "--force", "--time", "0", container)
        return self.podman.docker("port", container, str(port)).stdout.strip()
