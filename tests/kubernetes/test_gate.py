"""No worker of a new release starts before the database has had its migrations."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import EphemeralPostgres
from tests.redis_server import EphemeralRedis
from tests.repository import ROOT
from tests.system.servers import KEY, PATIENCE, deploy, eventually, production, run

from .cluster import Cluster

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
    """What a pod of the example gets: its ConfigMap, and what the Secret must hold."""
    settings: dict[str, str] = example.one("ConfigMap", "flasky-settings")["data"]
    given = production(settings["FLASKY_URL"], postgres.new_database(), REDIS_URL=redis.url)
    return given | settings | {"MAIL_PASSWORD": KEY}


class Gate:
    """The init container of a worker, without the container."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.file = folder / "log"
        with self.file.open("wb") as log:
            self.process = subprocess.Popen(WAIT, cwd=ROOT, env=environment, stderr=log)

    def wait_for(self, text: str) -> None:
        """Return once it has written `text`."""
        eventually(lambda: text in self.file.read_text(), text)


@pytest.fixture
def gate(environment: dict[str, str], tmp_path: Path) -> Iterator[Gate]:
    gate = Gate(environment, tmp_path)
    yield gate
    gate.process.kill()
    gate.process.wait()


def test_gate_opens_when_the_migrations_are_done(gate: Gate, environment: dict[str, str]) -> None:
    gate.wait_for("Run flask deploy")
    assert gate.process.poll() is None
    deploy(environment)
    assert gate.process.wait(PATIENCE) == 0


def test_gate_that_is_closed_ends_when_it_is_told_to(gate: Gate) -> None:
    gate.wait_for("Run flask deploy")
    gate.process.send_signal(signal.SIGTERM)
    assert gate.process.wait(PATIENCE) == 1


def test_settings_of_the_example_and_the_secret_are_all_that_is_needed(
    environment: dict[str, str],
) -> None:
    done = run([sys.executable, "-m", "flask", "config"], environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "look misspelt" not in done.stdout
