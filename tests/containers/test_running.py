"""The image at work: deploy, web, worker, health, and how it ends."""

import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .container import CONFINED, IMAGE, URL, Container, style_sheet
from .engine import Engine

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("containers"),
    pytest.mark.usefixtures("image"),
]

KEY = "a key for the tests, long enough to be taken for a real one"
CANNOT_START = 3
HEALTH = ("python3", "/srv/flasky/deploy/container/health.py")
BODY = b"email=ann%40example.com&password=guessed"
SLOW_REQUEST = (
    b"POST /auth/login HTTP/1.1\r\nHost: localhost:8000\r\nExpect: 100-continue\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(BODY)
)


class Site:
    """A site with a volume of its own: what `docker run` is told, and one-time containers."""

    def __init__(self, engine: Engine, folder: Path, volume: str) -> None:
        self.engine = engine
        key = folder / "secret_key"
        key.write_text(f"{KEY}\n")
        key.chmod(0o444)
        variables = {
            "SECRET_KEY_FILE": "/run/secrets/secret_key",
            "DATABASE_URL": "sqlite:////data/site.sqlite",
            "QUEUE_URL": "sqlite:////data/queue.sqlite",
            "FLASKY_URL": URL,
        }
        self.settings = [f"--env={name}={value}" for name, value in variables.items()]
        self.settings += [f"--volume={key}:/run/secrets/secret_key:ro"]
        self.settings += [f"--volume={volume}:/data"]

    def run(self, *words: str, code: int = 0, more: tuple[str, ...] = (), said: str = "") -> str:
        """Run a command in a container that ends with it, and return what it printed."""
        options = ("--rm", "--interactive", *CONFINED, *self.settings, *more)
        command = ["docker", "run", *options, IMAGE, *words]
        done = self.engine.type(command, check=False, said=said)
        assert done.returncode == code, done.stdout
        return done.stdout

    def start(self, *words: str, more: tuple[str, ...] = ()) -> Container:
        """Start a container in the background."""
        return Container(self.engine, *self.settings, *more, IMAGE, *words)


@pytest.fixture(scope="module")
def bare(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site whose database has no tables until `site` has made them."""
    return Site(engine, tmp_path_factory.mktemp("secrets"), "of-the-tests")


@pytest.fixture(scope="module")
def deployed(bare: Site) -> str:
    """What the first deploy has said."""
    return bare.run("deploy")


@pytest.fixture(scope="module")
def site(bare: Site, deployed: str) -> Site:
    """A site that can be started."""
    assert "Deployed." in deployed
    return bare


@pytest.fixture
def web(site: Site) -> Iterator[Container]:
    with site.start() as running:
        running.wait_until_ready()
        yield running


def test_web_migrates_nothing(bare: Site) -> None:
    with bare.start("web") as web:
        web.wait_for("Booting worker")
        while web.run(*HEALTH, check=False).returncode:
            assert web.tell("{{.State.Running}}") == "true", web.log
        ready = web.run(*HEALTH, "/readyz", check=False)
    assert ready.returncode == 1
    assert "Run flask deploy" in ready.stdout


def test_deploy_may_run_twice(deployed: str, site: Site) -> None:
    again = site.run("deploy")
    assert "run\n  0001 " in deployed
    assert "Migrations: up to date" in again
    assert "Roles: unchanged" in again


def test_site_works_where_nothing_can_be_written(site: Site) -> None:
    begun = time.monotonic()
    with site.start() as web:
        web.wait_until_ready()
        print(f"A container is ready after {time.monotonic() - begun:.1f} s.")
        page = web.get("/")
        style = web.get(style_sheet(page.body), **{"Accept-Encoding": "br"})
        assert web.run("touch", "/srv/flasky/x", check=False).returncode != 0
        assert web.run("touch", "/data/x").returncode == 0
    assert (page.status, page.headers["X-Release"]) == (200, "42")
    assert style.headers["Content-Encoding"] == "br"  # collected when the image was built


def test_container_without_a_place_to_write_says_what_it_needs(bare: Site) -> None:
    told = bare.run("web", more=("--read-only-tmpfs=false",), code=CANNOT_START)
    assert told == "There is no room for temporary files: docker run --tmpfs /tmp\n"


def test_every_command_of_the_site_can_be_run(site: Site) -> None:
    assert "(SECRET_KEY in /run/secrets/secret_key)" in site.run("config", "SECRET_KEY")
    told = site.run(
        "shell", said="print('It is', app.config['FLASKY_RELEASE'])\nexit(5)\n", code=5
    )
    assert "It is 42\n" in told


def test_container_without_settings_names_all_that_is_missing(bare: Site) -> None:
    wrong = ("--env=SECRET_KEY_FILE=/run/secrets/none", "--env=FLASKY_URL=", "--env=DATABASE_URL=")
    told = bare.run("web", more=wrong, code=CANNOT_START)
    assert "DockerConfig cannot start" in told
    for name in ("DATABASE_URL", "FLASKY_URL", "SECRET_KEY_FILE names a file that cannot be read"):
        assert f"* {name}" in told


def test_health_is_lost_when_the_site_hangs(web: Container) -> None:
    assert web.ask_for_health() == "healthy"
    web.run("sh", "-c", "kill -STOP $(cat /proc/1/task/1/children)")
    hanging = web.run(*HEALTH, check=False)
    assert (hanging.returncode, "is not answered" in hanging.stdout) == (1, True)


def test_container_is_unhealthy_after_three_wrong_answers(site: Site) -> None:
    with site.start("web", "--bind", "127.0.0.1:9000") as web:
        web.wait_for("Listening at")
        assert [web.ask_for_health() for _ in range(3)] == ["starting", "starting", "unhealthy"]


def test_request_in_flight_is_answered_before_the_end(web: Container) -> None:
    host, _, port = web.address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(SLOW_REQUEST)
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")  # the site has begun to read
        web.signal("TERM")
        web.wait_for("Handling signal: term")
        connection.sendall(BODY)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert re.match(rb"HTTP/1\.1 [24]\d\d ", answer), answer
    assert b"X-Request-ID" in answer
    assert b"</html>" in answer
    assert web.exit_code() == 0


def test_command_that_knows_no_signals_ends_when_it_is_told_to(site: Site) -> None:
    with site.start("shell", more=("--interactive",)) as shell:
        shell.wait_for("Instance: ")
        shell.engine.docker("stop", "--time", "20", shell.id)
        assert shell.exit_code() == 128 + signal.SIGTERM  # and not SIGKILL


def test_worker_ends_when_it_is_told_to(site: Site) -> None:
    with site.start("worker") as worker:
        worker.wait_for("The worker does the jobs of sqlite:")
        assert worker.ask_for_health() == "healthy"
        worker.signal("TERM")
        assert worker.exit_code() == 0
        assert "The worker has ended." in worker.log
