"""The Procfile and .env, run by `heroku local` and `honcho`."""

import os
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.platforms.paas.conftest import heroku_variables, write_dotenv
from tests.platforms.paas.heroku_cli import HerokuCli
from tests.platforms.paas.slug import Slug
from tests.support.mailbox import free_port
from tests.support.servers import BIN, Server, connect, eventually
from tests.support.traffic import get_status_once

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("paas")]

ONCE = {"heroku": ["heroku", "local:run", "--"], "honcho": ["honcho", "run"]}
START = {"heroku": ["heroku", "local", "--port"], "honcho": ["honcho", "start", "--port"]}
ALL = {"heroku": [], "honcho": ["web", "worker"]}  # honcho would also run `release`
THREE = {"heroku": ["web=3"], "honcho": ["--concurrency", "web=3", "web"]}
BY_EACH = pytest.mark.parametrize("runner", ONCE)


@dataclass
class Machine:
    """A developer's machine, in the folder of the project."""

    slug: Slug
    cli: HerokuCli
    dotenv: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a shell with the virtual environment activated."""
        path = f"{self.slug.packages / 'bin'}:{self.cli.environment['PATH']}:{BIN}"
        return self.cli.environment | {"PATH": path}

    def set(self, **variables: object) -> None:
        """Write `.env`."""
        write_dotenv(self.dotenv, {name: str(value) for name, value in variables.items()})

    def run_once(self, runner: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command with the variables of `.env`."""
        command = [*ONCE[runner], *arguments]
        return subprocess.run(
            command,
            cwd=self.slug.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


class Processes(Server):
    """The processes of `heroku local` or `honcho start`: web on one or more ports."""

    def __init__(self, machine: Machine, runner: str, arguments: list[str], webs: int = 1) -> None:
        self.ports = free_ports(webs)
        command = [*START[runner], str(self.ports[0]), *arguments]
        super().__init__(command, machine.environment)
        self.cwd = machine.slug.folder

    def is_responding(self) -> bool:
        """Return True if web is ready on each port."""
        return all(readiness(port) == "200" for port in self.ports)


def readiness(port: int) -> str:
    return get_status_once(connect(f"127.0.0.1:{port}"), "/readyz")


def free_ports(number: int) -> list[int]:
    """Return consecutive free ports."""
    while True:
        first = free_port()
        ports = list(range(first, first + number))
        if all(map(is_free, ports)):
            return ports


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def machine(slug: Slug, cli: HerokuCli, dotenv: Path) -> Machine:
    return Machine(slug, cli, dotenv)


@BY_EACH
def test_deploy_creates_the_tables_of_the_database_in_dotenv(
    machine: Machine, empty_database: str, runner: str
) -> None:
    machine.set(**heroku_variables(empty_database, "http://localhost:5006"))
    done = machine.run_once(runner, "flask", "deploy")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Deployed."), done.stderr
    assert "up to date" in machine.run_once(runner, "flask", "deploy").stdout


@BY_EACH
@pytest.mark.parametrize("code", [0, 3])
def test_exit_code_of_a_command_is_passed_on(machine: Machine, runner: str, code: int) -> None:
    machine.set(CODE=code)
    assert machine.run_once(runner, "sh", "-c", "exit $CODE").returncode == code


@BY_EACH
def test_web_and_worker_start_and_stop(machine: Machine, database: str, runner: str) -> None:
    machine.set(**heroku_variables(database, "http://localhost:5006"))
    with Processes(machine, runner, ALL[runner]) as processes:
        eventually(lambda: "Worker started: threads: 2" in processes.log)
        os.killpg(processes.pid, signal.SIGINT)  # like Ctrl-C
        processes.stop()
        eventually(lambda: "Worker stopped." in processes.log)


@BY_EACH
def test_three_web_processes_listen_on_three_ports(
    machine: Machine, database: str, runner: str
) -> None:
    machine.set(**heroku_variables(database, "http://localhost:5006"))
    with Processes(machine, runner, THREE[runner], webs=3) as processes:
        masters = {line.split("(")[1] for line in processes.log.splitlines() if "Listen" in line}
        assert len(masters) == 3, processes.log
