"""The site on several machines, by the commands of docs/deploying/machines.md.

Each machine is a container in a network of its own. nginx runs on this machine, with the addresses
of all of them, and so does the mail server.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPException

from benchmarks.sites import Site
from tests.mailbox import free_port
from tests.manual import Command, commands
from tests.repository import ROOT
from tests.system.nginx import Nginx
from tests.system.servers import PATIENCE, connect, eventually, fetch

from .backing import DATABASE_URL, REDIS_URL, Backing
from .container import IMAGE
from .engine import Engine

PAGE = ROOT / "docs/deploying/machines.md"
FIRST, NEXT = "The first start", "A new release"
WEBS, WORKERS = 3, 2
THERE = "10.0.0.1:8000"  # where the page's machine is
TOKEN = "a-token-that-only-the-tests-know-of"
RELEASE = "43"


class Machine:
    """One of the machines, with a shell: what is typed there is done to its own container."""

    def __init__(self, engine: Engine, network: str, name: str) -> None:
        self.engine, self.network, self.name = engine, network, name
        self.container = f"{network}-{name}"
        self.address = f"127.0.0.1:{free_port()}"

    def type(self, command: Command) -> str:
        """Type a command of the page, and expect it to do what the page says."""
        text = re.sub(
            r"(--name|stop|rm) flasky(-worker)?\b", rf"\1 {self.container}", command.text
        )
        text = text.replace("docker run", f"docker run --network {self.network}")
        done = self.engine.type(["bash", "-c", text.replace(THERE, self.address)])
        assert command.fits(done.stdout), f"{text}\n{done.stdout}"
        return done.stdout

    def kill(self) -> None:
        """Cut its power: the first process dies without a word."""
        pid = self.tell("{{.State.Pid}}")
        self.engine.type(["kill", "-KILL", pid])

    def tell(self, template: str) -> str:
        """Return what the engine knows of the container."""
        done = self.engine.docker("inspect", "--format", template, self.container)
        return done.stdout.strip()

    def answers(self) -> bool:
        """Tell whether it can do its work."""
        try:
            return fetch(connect(self.address), "/readyz").status == 200
        except (OSError, HTTPException):
            return False

    def release(self) -> str | None:
        """Return which release it serves."""
        return fetch(connect(self.address), "/healthz").headers["X-Release"]

    def count(self, endpoint: str) -> float:
        """Return how many requests for an endpoint it has counted."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        page = fetch(connect(self.address), "/metrics", headers=headers).body.decode()
        lines = re.findall(
            rf'^flasky_requests_total{{.*"{endpoint}".*}} (\S+)$', page, re.MULTILINE
        )
        return sum(map(float, lines))

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self.engine.docker("logs", self.container).stdout


class Machines(Site):
    """Three machines that serve and two that work, behind nginx, with what they share."""

    def __init__(self, stack: ExitStack, podman: Engine) -> None:
        self.podman = podman
        self.backing = Backing(stack, podman)
        self.network = self.backing.network
        self.webs = [Machine(podman, self.network, f"web{n}") for n in range(WEBS)]
        self.workers = [Machine(podman, self.network, f"worker{n}") for n in range(WORKERS)]
        servers = [f"{machine.address} fail_timeout=2s" for machine in self.webs]
        self.nginx = stack.enter_context(Nginx(servers=servers))
        self.connect = self.nginx.connect
        super().__init__(stack, self.nginx.url, self.backing.gateway)
        self.settings = podman.folder / "flasky.env"  # its HOME
        self._make(
            self.backing.database,
            REDIS_URL=REDIS_URL,
            FLASKY_PROXIES=1,
            FLASKY_MONITOR_TOKEN=TOKEN,
            RATELIMIT_LETTER="5 per hour",
        )
        for machine in [*self.webs, *self.workers]:
            stack.callback(podman.docker, "rm", "--force", "--time", "0", machine.container)
        for machine in self.webs:
            self.type(machine, FIRST, is_for_web)
        for machine in self.workers:
            self.type(machine, FIRST, is_for_worker)
        self._begin()

    def flask(self, *words: str) -> str:
        """Run a command of the site in a container of its own."""
        inside = self.environment | {"DATABASE_URL": DATABASE_URL}
        del inside["PATH"], inside["FLASK_CONFIG"]
        self.settings.write_text("".join(f"{name}={text}\n" for name, text in inside.items()))
        told = ["--rm", "--network", self.network, "--env-file", str(self.settings)]
        return self.podman.docker("run", *told, IMAGE, *words).stdout

    def type(self, machine: Machine, chapter: str, which: Callable[[Command], bool]) -> None:
        """Type those commands of a chapter on one machine."""
        for command in commands(PAGE):
            if command.chapter == chapter and which(command):
                machine.type(command)

    def update(self) -> None:
        """Bring a new release to all machines, as the page says."""
        self.type(self.webs[0], NEXT, is_for_database)
        for machine in self.webs:
            self.type(machine, NEXT, is_for_web)
        for machine in self.workers:
            self.type(machine, NEXT, is_for_worker)


def is_for_database(command: Command) -> bool:
    """Tell whether a command is typed once, wherever."""
    return command.text.endswith(" deploy")


def is_for_worker(command: Command) -> bool:
    """Tell whether a command is typed where a worker is."""
    return "flasky-worker" in command.text


def is_for_web(command: Command) -> bool:
    """Tell whether a command is typed on each machine that serves."""
    return not is_for_database(command) and not is_for_worker(command)


@contextmanager
def new_release(podman: Engine) -> Iterator[None]:
    """Have the image be that of another release, until it is left."""
    podman.docker("tag", IMAGE, f"{IMAGE}:before")
    text = f"FROM {IMAGE}\nENV FLASKY_RELEASE={RELEASE}\n"
    podman.type(["docker", "build", "--tag", IMAGE, "-f", "-", "."], said=text)
    try:
        yield
    finally:
        podman.docker("tag", f"{IMAGE}:before", IMAGE)


def machines_asked(nginx: Nginx, path: str) -> set[str]:
    """Return the addresses of those that nginx has sent requests for `path` to."""
    lines = [json.loads(line) for line in nginx.access_file.read_text().splitlines()]
    return {line["upstream"] for line in lines if line["path"] == path}


def wait_until_all_answer(machines: list[Machine]) -> None:
    """Return once each of them can do its work."""
    for machine in machines:
        eventually(machine.answers, f"{machine.name} answers", PATIENCE)
