"""Requests while gunicorn, or one of its processes, is stopped or killed."""

import os
import signal
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.platforms.server.units import ActivatedGunicorn, ListeningSocket
from tests.support.servers import Gunicorn, deploy, eventually, production
from tests.support.traffic import Traffic, get_status, get_status_once

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gunicorn_stops")]

SLOW_SITE = "tests.platforms.server.slow_site:app"
RESTARTS = 3


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("site")
    environment = production("http://flasky.example", f"sqlite:///{folder}/site.sqlite")
    environment |= {"TRUSTED_HOSTS": "flasky.example 127.0.0.1 localhost", "WEB_THREADS": "4"}
    deploy(environment)
    return environment


@pytest.fixture
def server(environment: dict[str, str]) -> Iterator[Gunicorn]:
    with Gunicorn(environment, "--workers", "2", site=SLOW_SITE) as running:
        eventually(lambda: len(running.workers) == 2)
        yield running


class InFlight:
    """Slow requests that gunicorn has accepted and not answered yet."""

    def __init__(self, server: Gunicorn, number: int, seconds: float = 2.0) -> None:
        self.outcomes: list[str] = []
        path = f"/slow/{seconds}"
        self.threads = [
            threading.Thread(
                target=lambda: self.outcomes.append(get_status_once(server.connect(), path))
            )
            for _ in range(number)
        ]
        for thread in self.threads:
            thread.start()
        eventually(lambda: connections_to(server) == (number, 0), "all requests are accepted")

    def wait(self) -> list[str]:
        """Return the outcomes of all requests."""
        for thread in self.threads:
            thread.join()
        return self.outcomes


def connections_to(server: Gunicorn) -> tuple[int, int]:
    """Return the numbers of accepted connections and of connections in the listen queue."""
    port = f":{int(server.bind.rpartition(':')[2]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    states = [(row[3], int(row[4].partition(":")[2], 16)) for row in rows if row[1].endswith(port)]
    queued = sum(queue for state, queue in states if state == "0A")
    return sum(state == "01" for state, _ in states) - queued, queued


@pytest.mark.parametrize("target", ["master", "process group"])
def test_sigterm_completes_accepted_requests(server: Gunicorn, target: str) -> None:
    slow = InFlight(server, 24)  # more than there are threads
    if target == "process group":  # as systemd does, with KillMode=control-group
        os.killpg(server.pid, signal.SIGTERM)
    assert server.stop() == 0
    assert slow.wait() == ["200"] * 24


@pytest.mark.parametrize("keep_alive", [True, False], ids=["keep-alive", "new connections"])
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_requests_in_the_listen_queue_are_served_when_the_master_ends(
    server: Gunicorn, sign: signal.Signals, keep_alive: bool
) -> None:
    traffic = Traffic(server.connect, "/slow/0.05", clients=16, keep_alive=keep_alive)
    traffic.start()
    eventually(partial(traffic.has_reached, 50))
    workers = server.workers
    server.stop(sign)
    eventually(lambda: not any(is_running(pid) for pid in workers))
    traffic.stop()
    # A connection that arrives between the last accept() and close() is reset.
    assert traffic.outcomes.pop("reset", 0) <= 1
    assert set(traffic.outcomes) == {"200", "refused"}


def test_probe_on_a_keep_alive_connection_sees_that_the_process_is_stopping(
    server: Gunicorn,
) -> None:
    connection = server.connect()
    assert get_status(connection, "/readyz") == "200"
    os.kill(server.pid, signal.SIGTERM)
    eventually(lambda: get_status(connection, "/readyz") == "503", "/readyz is 503")
    connection.close()
    assert server.stop() == 0


def test_killed_worker_is_replaced(server: Gunicorn) -> None:
    with Traffic(server.connect, clients=4) as traffic:
        killed = server.workers[0]
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: len(server.workers) == 2 and killed not in server.workers)
        before = traffic.total
        eventually(lambda: traffic.total > before + 50)
    assert traffic.failed <= 4 * 4, (
        traffic.outcomes
    )  # the requests that the killed worker was serving


def test_workers_complete_their_requests_and_exit_when_the_master_is_killed(
    server: Gunicorn,
) -> None:
    slow = InFlight(server, 8)
    workers = server.workers
    os.kill(server.pid, signal.SIGKILL)
    assert server.stop() == -signal.SIGKILL
    assert slow.wait() == ["200"] * 8
    eventually(lambda: not any(is_running(pid) for pid in workers))


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.mark.parametrize("keep_alive", [True, False], ids=["keep-alive", "new connections"])
def test_replacing_workers_loses_no_request(environment: dict[str, str], keep_alive: bool) -> None:
    variables = environment | {"WEB_MAX_REQUESTS": "100"}
    with (
        Gunicorn(variables, "--workers", "2") as server,
        Traffic(server.connect, clients=4, keep_alive=keep_alive) as traffic,
    ):
        eventually(lambda: server.log.count("Autorestarting") > 3)
    assert not traffic.failed, traffic.outcomes


def test_restart_with_socket_activation_loses_no_request(
    environment: dict[str, str], tmp_path: Path
) -> None:
    listener = ListeningSocket(tmp_path / "web.sock")
    traffic = Traffic(listener.connect, clients=8)
    for number in range(RESTARTS + 1):
        with ActivatedGunicorn(environment, listener) as server:
            if number == 0:
                traffic.start()
            eventually(partial(traffic.has_reached, traffic.total + 100))
            if number == RESTARTS:
                traffic.stop()
            assert server.stop() == 0
    listener.close()
    assert set(traffic.outcomes) == {"200"}
