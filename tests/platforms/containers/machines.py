"""The site on several machines, deployed by the commands of docs/deploying/machines.md.

Each machine is a container. nginx, with the addresses of all of them, and the SMTP server run on
this machine.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPException

from benchmarks.stacks import Stack
from tests.platforms.containers.backing import DATABASE_URL, REDIS_URL, Backing
from tests.platforms.containers.container import IMAGE
from tests.support.doc_commands import Command, commands
from tests.support.mailbox import free_port
from tests.support.nginx import Nginx
from tests.support.podman import Podman
from tests.support.repository import ROOT
from tests.support.servers import TIMEOUT, connect, eventually, fetch

PAGE = ROOT / "docs/deploying/machines.md"
FIRST, NEXT = "First deploy", "Deploy a release"
WEBS, WORKERS = 3, 2
DOCUMENTED_ADDRESS = "10.0.0.1:8000"  # the address on the page
TOKEN = "a-token-that-only-the-tests-know-of"
RELEASE = "43"


class Machine:
    """A machine; the commands that it runs apply to its own container."""

    def __init__(self, engine: Podman, network: str, name: str) -> None:
        self.engine, self.network, self.name = engine, network, name
        self.container = f"{network}-{name}"
        self.address = f"127.0.0.1:{free_port()}"

    def run(self, command: Command) -> str:
        """Run a documented command, and check its output."""
        text = re.sub(
            r"(--name|stop|rm) flasky(-worker)?\b", rf"\1 {self.container}", command.text
        )
        text = text.replace("docker run", f"docker run --network {self.network}")
        completed = self.engine.run(["bash", "-c", text.replace(DOCUMENTED_ADDRESS, self.address)])
        assert command.matches(completed.stdout), f"{text}\n{completed.stdout}"
        return completed.stdout

    def kill(self) -> None:
        """Kill its main process."""
        pid = self.inspect("{{.State.Pid}}")
        self.engine.run(["kill", "-KILL", pid])

    def inspect(self, template: str) -> str:
        """Return a field of `docker inspect`."""
        completed = self.engine.docker("inspect", "--format", template, self.container)
        return completed.stdout.strip()

    def is_responding(self) -> bool:
        """Return True if it is ready."""
        try:
            return fetch(connect(self.address), "/readyz").status == 200
        except (OSError, HTTPException):
            return False

    def release(self) -> str | None:
        """Return the release that it serves."""
        return fetch(connect(self.address), "/healthz").headers["X-Release"]

    def count(self, endpoint: str) -> float:
        """Return the number of requests for an endpoint in its metrics."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        page = fetch(connect(self.address), "/metrics", headers=headers).body.decode()
        lines = re.findall(
            rf'^flasky_http_requests_total{{.*"{endpoint}".*}} (\S+)$', page, re.MULTILINE
        )
        return sum(map(float, lines))

    @property
    def log(self) -> str:
        """Its output so far."""
        return self.engine.docker("logs", self.container).stdout


class Machines(Stack):
    """Three web machines and two workers, with nginx, PostgreSQL and Redis."""

    def __init__(self, stack: ExitStack, podman: Podman) -> None:
        self.podman = podman
        self.backing = Backing(stack, podman)
        self.network = self.backing.network
        self.webs = [Machine(podman, self.network, f"web{n}") for n in range(WEBS)]
        self.workers = [Machine(podman, self.network, f"worker{n}") for n in range(WORKERS)]
        servers = [f"{machine.address} fail_timeout=2s" for machine in self.webs]
        self.nginx = stack.enter_context(Nginx(servers=servers))
        self.connect = self.nginx.connect
        super().__init__(stack, self.nginx.url, self.backing.gateway)
        self.settings = (
            podman.folder / "flasky.env"
        )  # the home directory of the documented commands
        self._create(
            self.backing.database,
            REDIS_URL=REDIS_URL,
            TRUSTED_PROXY_COUNT=1,
            JOBS_IN_WEB=0,
            METRICS_TOKEN=TOKEN,
            RATELIMIT_EMAIL="5 per hour",
        )
        for machine in [*self.webs, *self.workers]:
            stack.callback(podman.docker, "rm", "--force", "--time", "0", machine.container)
        for machine in self.webs:
            self.run(machine, FIRST, is_for_web)
        for machine in self.workers:
            self.run(machine, FIRST, is_for_worker)
        self._publish_first_post()

    def flask(self, *arguments: str) -> str:
        """Run a `flask` command in a new container."""
        variables = self.environment | {"DATABASE_URL": DATABASE_URL}
        del variables["PATH"], variables["FLASK_CONFIG"]
        self.settings.write_text("".join(f"{name}={text}\n" for name, text in variables.items()))
        options = ["--rm", "--network", self.network, "--env-file", str(self.settings)]
        return self.podman.docker("run", *options, IMAGE, *arguments).stdout

    def run(self, machine: Machine, section: str, which: Callable[[Command], bool]) -> None:
        """Run the commands of a section that apply to a machine."""
        for command in commands(PAGE):
            if command.section == section and which(command):
                machine.run(command)

    def update(self) -> None:
        """Deploy a release to all machines with the documented commands."""
        self.run(self.webs[0], NEXT, is_for_database)
        for machine in self.webs:
            self.run(machine, NEXT, is_for_web)
        for machine in self.workers:
            self.run(machine, NEXT, is_for_worker)


def is_for_database(command: Command) -> bool:
    """Return True for the command that runs once."""
    return command.text.endswith(" deploy")


def is_for_worker(command: Command) -> bool:
    """Return True for a command that runs on worker machines."""
    return "flasky-worker" in command.text


def is_for_web(command: Command) -> bool:
    """Return True for a command that runs on web machines."""
    return not is_for_database(command) and not is_for_worker(command)


@contextmanager
def new_release(podman: Podman) -> Iterator[None]:
    """Replace the image by that of another release during the block."""
    podman.docker("tag", IMAGE, f"{IMAGE}:before")
    text = f"FROM {IMAGE}\nENV RELEASE={RELEASE}\n"
    podman.run(["docker", "build", "--tag", IMAGE, "-f", "-", "."], stdin=text)
    try:
        yield
    finally:
        podman.docker("tag", f"{IMAGE}:before", IMAGE)


def upstreams_of(nginx: Nginx, path: str) -> set[str]:
    """Return the addresses to which nginx has forwarded requests for `path`."""
    lines = [json.loads(line) for line in nginx.access_file.read_text().splitlines()]
    return {line["upstream"] for line in lines if line["path"] == path}


def wait_until_all_ready(machines: list[Machine]) -> None:
    """Return once every machine is ready."""
    for machine in machines:
        eventually(machine.is_responding, f"{machine.name} is ready", TIMEOUT)
