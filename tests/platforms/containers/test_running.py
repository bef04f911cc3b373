"""The running image: deploy, web, worker, health, shutdown."""

import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platforms.containers.container import IMAGE, RESTRICTIONS, URL, Container, style_sheet
from tests.support.podman import Podman

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("containers"),
    pytest.mark.usefixtures("image"),
]

KEY = "a key for the tests, as long as a real one has to be"
CANNOT_START = 3
HEALTH = ("python3", "/srv/flasky/deploy/container/health.py")
BODY = b"email=ann%40example.com&password=guessed"
SLOW_REQUEST = (
    b"POST /auth/login HTTP/1.1\r\nHost: localhost:8000\r\nExpect: 100-continue\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(BODY)
)


class Site:
    """A site with a volume: options of `docker run`, and one-off containers."""

    def __init__(self, engine: Podman, folder: Path, volume: str) -> None:
        self.engine = engine
        key = folder / "secret_key"
        key.write_text(f"{KEY}\n")
        key.chmod(0o444)
        variables = {
            "SECRET_KEY_FILE": "/run/secrets/secret_key",
            "DATABASE_URL": "sqlite:////data/site.sqlite",
            "SITE_URL": URL,
        }
        self.settings = [f"--env={name}={value}" for name, value in variables.items()]
        self.settings += [f"--volume={key}:/run/secrets/secret_key:ro"]
        self.settings += [f"--volume={volume}:/data"]

    def run(
        self, *arguments: str, code: int = 0, options: tuple[str, ...] = (), stdin: str = ""
    ) -> str:
        """Run a command in a one-off container, and return its output."""
        options = ("--rm", "--interactive", *RESTRICTIONS, *self.settings, *options)
        command = ["docker", "run", *options, IMAGE, *arguments]
        done = self.engine.run(command, check=False, stdin=stdin)
        assert done.returncode == code, done.stdout
        return done.stdout

    def start(self, *arguments: str, options: tuple[str, ...] = ()) -> Container:
        """Start a detached container."""
        return Container(self.engine, *self.settings, *options, IMAGE, *arguments)


@pytest.fixture(scope="module")
def bare(engine: Podman, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site whose database has no tables until `site` is set up."""
    return Site(engine, tmp_path_factory.mktemp("secrets"), "of-the-tests")


@pytest.fixture(scope="module")
def deployed(bare: Site) -> str:
    """The output of the first deploy."""
    return bare.run("deploy")


@pytest.fixture(scope="module")
def site(bare: Site, deployed: str) -> Site:
    """A deployed site."""
    assert "Deployed." in deployed
    return bare


@pytest.fixture
def web(site: Site) -> Iterator[Container]:
    with site.start() as running:
        running.wait_until_ready()
        yield running


def test_web_does_not_migrate(bare: Site) -> None:
    with bare.start("web") as web:
        web.wait_for("Booting worker")
        while web.run(*HEALTH, check=False).returncode:
            assert web.inspect("{{.State.Running}}") == "true", web.log
        ready = web.run(*HEALTH, "/readyz", check=False)
    assert ready.returncode == 1
    assert "run `flask deploy`" in ready.stdout


def test_deploy_may_run_twice(deployed: str, site: Site) -> None:
    again = site.run("deploy")
    assert re.search(r"Migrations: \d+ applied\n  0001 Initial tables\n", deployed)
    assert "Migrations: up to date" in again
    assert "Roles: unchanged" in again


def test_site_works_on_a_read_only_file_system(site: Site) -> None:
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


def test_container_without_a_writable_directory_says_what_it_needs(bare: Site) -> None:
    output = bare.run("web", options=("--read-only-tmpfs=false",), code=CANNOT_START)
    assert output == "No writable temporary directory: docker run --tmpfs /tmp\n"


def test_flask_commands_run_in_a_container(site: Site) -> None:
    assert "(SECRET_KEY in /run/secrets/secret_key)" in site.run("config", "SECRET_KEY")
    output = site.run("shell", stdin="print('It is', app.config['RELEASE'])\nexit(5)\n", code=5)
    assert "It is 42\n" in output


def test_container_without_settings_names_everything_missing(bare: Site) -> None:
    wrong = ("--env=SECRET_KEY_FILE=/run/secrets/none", "--env=SITE_URL=", "--env=DATABASE_URL=")
    output = bare.run("web", options=wrong, code=CANNOT_START)
    assert "Invalid configuration: DockerConfig" in output
    for name in ("DATABASE_URL", "SITE_URL", "SECRET_KEY_FILE names a file that cannot be read"):
        assert f"* {name}" in output


def test_hanging_site_fails_its_healthcheck(web: Container) -> None:
    assert web.run_healthcheck() == "healthy"
    web.run("sh", "-c", "kill -STOP $(cat /proc/1/task/1/children)")
    hanging = web.run(*HEALTH, check=False)
    assert (hanging.returncode, "did not respond" in hanging.stdout) == (1, True)


def test_container_is_unhealthy_after_three_failures(site: Site) -> None:
    with site.start("web", "--bind", "127.0.0.1:9000") as web:
        web.wait_for("Listening at")
        assert [web.run_healthcheck() for _ in range(3)] == ["starting", "starting", "unhealthy"]


def test_request_in_flight_is_completed_on_shutdown(web: Container) -> None:
    host, _, port = web.address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(SLOW_REQUEST)
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")  # the worker reads the request
        web.signal("TERM")
        web.wait_for("Handling signal: term")
        connection.sendall(BODY)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert re.match(rb"HTTP/1\.1 [24]\d\d ", answer), answer
    assert b"X-Request-ID" in answer
    assert b"</html>" in answer
    assert web.exit_code() == 0


def test_command_without_signal_handlers_stops_on_sigterm(site: Site) -> None:
    with site.start("shell", options=("--interactive",)) as shell:
        shell.wait_for("Instance: ")
        shell.engine.docker("stop", "--time", "20", shell.id)
        assert shell.exit_code() == 128 + signal.SIGTERM  # and not SIGKILL


def test_worker_stops_on_sigterm(site: Site) -> None:
    with site.start("worker") as worker:
        worker.wait_for("Worker started: threads: 2")
        assert worker.run_healthcheck() == "healthy"
        worker.signal("TERM")
        assert worker.exit_code() == 0
        assert "Worker stopped." in worker.log
