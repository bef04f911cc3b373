"""The Procfile as `heroku local` and `honcho` run it on one's own machine, and the file .env."""

import os
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.mailbox import free_port
from tests.paas.conftest import heroku_variables, write_dotenv
from tests.paas.heroku_cli import HerokuCli
from tests.paas.slug import Slug
from tests.system.servers import BIN, Server, connect, eventually
from tests.system.traffic import ask_once

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("paas")]

ONCE = {"heroku": ["heroku", "local:run", "--"], "honcho": ["honcho", "run"]}
START = {"heroku": ["heroku", "local", "--port"], "honcho": ["honcho", "start", "--port"]}
ALL = {"heroku": [], "honcho": ["web", "worker"]}  # honcho would run `release`, too
THREE = {"heroku": ["web=3"], "honcho": ["--concurrency", "web=3", "web"]}
BY_EACH = pytest.mark.parametrize("runner", ONCE)


@dataclass
class Machine:
    """Somebody's own machine, in the folder of the project, with what `.env` holds."""

    slug: Slug
    cli: HerokuCli
    dotenv: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a shell there has: the environment of the project is active."""
        path = f"{self.slug.packages / 'bin'}:{self.cli.environment['PATH']}:{BIN}"
        return self.cli.environment | {"PATH": path}

    def set(self, **variables: object) -> None:
        """Write `.env`."""
        write_dotenv(self.dotenv, {name: str(value) for name, value in variables.items()})

    def once(self, runner: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one command with what `.env` says."""
        command = [*ONCE[runner], *words]
        return subprocess.run(
            command,
            cwd=self.slug.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


class Processes(Server):
    """What `heroku local` or `honcho start` starts: web on one port or more."""

    def __init__(self, machine: Machine, runner: str, words: list[str], webs: int = 1) -> None:
        self.ports = free_ports(webs)
        command = [*START[runner], str(self.ports[0]), *words]
        super().__init__(command, machine.environment)
        self.place = machine.slug.folder

    def answers(self) -> bool:
        """Tell whether web is ready on each port."""
        return all(ask(port) == "200" for port in self.ports)


def ask(port: int) -> str:
    return ask_once(connect(f"127.0.0.1:{port}"), "/readyz")


def free_ports(number: int) -> list[int]:
    """Return ports that follow one another and that nobody uses now."""
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
def test_deploy_makes_the_tables_of_the_database_in_dotenv(
    machine: Machine, empty_database: str, runner: str
) -> None:
    machine.set(**heroku_variables(empty_database, "http://localhost:5006"))
    done = machine.once(runner, "flask", "deploy")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Deployed."), done.stderr
    assert "up to date" in machine.once(runner, "flask", "deploy").stdout


@BY_EACH
@pytest.mark.parametrize("code", [0, 3])
def test_code_that_a_command_exits_with_is_passed_on(
    machine: Machine, runner: str, code: int
) -> None:
    machine.set(CODE=code)
    assert machine.once(runner, "sh", "-c", "exit $CODE").returncode == code


@BY_EACH
def test_web_and_worker_start_with_a_queue(
    machine: Machine, database: str, runner: str, tmp_path: Path
) -> None:
    queue = f"sqlite:///{tmp_path}/queue.sqlite"
    variables = heroku_variables(database, "http://localhost:5006", QUEUE_URL=queue)
    machine.set(**variables)
    with Processes(machine, runner, ALL[runner]) as processes:
        eventually(lambda: "The worker does the jobs of sqlite" in processes.log)
        os.killpg(processes.pid, signal.SIGINT)  # as Ctrl-C does
        processes.stop()
        eventually(lambda: "The worker has ended." in processes.log)


@BY_EACH
def test_three_webs_answer_on_three_ports(machine: Machine, database: str, runner: str) -> None:
    machine.set(**heroku_variables(database, "http://localhost:5006"))
    with Processes(machine, runner, THREE[runner], webs=3) as processes:
        masters = {line.split("(")[1] for line in processes.log.splitlines() if "Listen" in line}
        assert len(masters) == 3, processes.log


def test_worker_without_a_queue_says_so_in_one_line(slug: Slug, database: str) -> None:
    ended = slug.run("flask worker", heroku_variables(database, "http://localhost:5006"))
    [sentence] = [line for line in ended.stderr.splitlines() if not line.startswith("{")]
    assert ended.returncode == 1
    assert sentence.startswith("Error: No queue is configured")
