"""The init container that makes workers wait for the migrations."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platforms.kubernetes.cluster import Cluster
from tests.support.databases import EphemeralPostgres
from tests.support.redis_server import EphemeralRedis
from tests.support.repository import ROOT
from tests.support.servers import SECRET_KEY, TIMEOUT, deploy, eventually, production, run

pytestmark = pytest.mark.slow

WAIT = [sys.executable, "-m", "deploy.container.wait_until_ready"]


@pytest.fixture(scope="module")
def redis() -> Iterator[EphemeralRedis]:
    with EphemeralRedis() as running:
        yield running


@pytest.fixture
def environment(
    example: Cluster, postgres: EphemeralPostgres, redis: EphemeralRedis
) -> dict[str, str]:
    """The environment of a pod: the ConfigMap and the Secret of the example."""
    settings: dict[str, str] = example.one("ConfigMap", "flasky-settings")["data"]
    given = production(settings["SITE_URL"], postgres.new_database(), REDIS_URL=redis.url)
    return given | settings | {"MAIL_PASSWORD": SECRET_KEY}


class InitContainer:
    """The command of a worker's init container, run without a container."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.file = folder / "log"
        with self.file.open("wb") as log:
            self.process = subprocess.Popen(WAIT, cwd=ROOT, env=environment, stderr=log)

    def wait_for(self, text: str) -> None:
        """Return once its output contains `text`."""
        eventually(lambda: text in self.file.read_text(), text)


@pytest.fixture
def gate(environment: dict[str, str], tmp_path: Path) -> Iterator[InitContainer]:
    gate = InitContainer(environment, tmp_path)
    yield gate
    gate.process.kill()
    gate.process.wait()


def test_init_container_succeeds_after_the_migrations(
    gate: InitContainer, environment: dict[str, str]
) -> None:
    gate.wait_for("run `flask deploy`")
    assert gate.process.poll() is None
    deploy(environment)
    assert gate.process.wait(TIMEOUT) == 0


def test_waiting_init_container_stops_on_sigterm(gate: InitContainer) -> None:
    gate.wait_for("run `flask deploy`")
    gate.process.send_signal(signal.SIGTERM)
    assert gate.process.wait(TIMEOUT) == 1


def test_settings_of_the_example_are_complete(
    environment: dict[str, str],
) -> None:
    completed = run([sys.executable, "-m", "flask", "config"], environment)
    assert (completed.returncode, completed.stderr) == (0, "")
    assert "look misspelt" not in completed.stdout
