"""What becomes of requests when gunicorn, or a part of it, is stopped or killed."""

import os
import signal
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.system.servers import Gunicorn, deploy, eventually, production
from tests.system.traffic import Traffic, ask, ask_once
from tests.system.units import ActivatedGunicorn, HeldSocket

pytestmark = pytest.mark.slow

SLOW_SITE = "tests.system.slow_site:app"
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
    """Slow requests that gunicorn has taken and not yet answered."""

    def __init__(self, server: Gunicorn, number: int, seconds: float = 2.0) -> None:
        self.outcomes: list[str] = []
        path = f"/slow/{seconds}"
        self.threads = [
            threading.Thread(target=lambda: self.outcomes.append(ask_once(server.connect(), path)))
            for _ in range(number)
        ]
        for thread in self.threads:
            thread.start()
        eventually(lambda: connections_to(server) == (number, 0), "all are taken")

    def wait(self) -> list[str]:
        """Return what became of them."""
        for thread in self.threads:
            thread.join()
        return self.outcomes


def connections_to(server: Gunicorn) -> tuple[int, int]:
    """Return how many connections the server has, and how many wait to be taken."""
    port = f":{int(server.bind.rpartition(':')[2]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    states = [(row[3], int(row[4].partition(":")[2], 16)) for row in rows if row[1].endswith(port)]
    waiting = sum(queue for state, queue in states if state == "0A")
    return sum(state == "01" for state, _ in states) - waiting, waiting


@pytest.mark.parametrize("whom", ["master", "everybody"])
def test_sigterm_loses_no_request_that_was_taken(server: Gunicorn, whom: str) -> None:
    slow = InFlight(server, 24)  # more than there are threads
    if whom == "everybody":  # as systemd does, with KillMode=control-group
        os.killpg(server.pid, signal.SIGTERM)
    assert server.stop() == 0
    assert slow.wait() == ["200"] * 24


@pytest.mark.parametrize("kept", [True, False], ids=["kept connections", "new connections"])
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_end_of_the_master_under_load_drops_nobody_who_was_in_the_queue(
    server: Gunicorn, sign: signal.Signals, kept: bool
) -> None:
    traffic = Traffic(server.connect, "/slow/0.05", clients=16, kept=kept)
    traffic.start()
    eventually(partial(traffic.has_reached, 50))
    workers = server.workers
    server.stop(sign)
    eventually(lambda: not any(is_running(pid) for pid in workers))
    traffic.stop()
    # Who comes in the moment between the last look at the queue and its end is reset.
    assert traffic.outcomes.pop("reset", 0) <= 1
    assert set(traffic.outcomes) == {"200", "refused"}


def test_probe_on_a_kept_connection_hears_that_the_process_stops(server: Gunicorn) -> None:
    kept = server.connect()
    assert ask(kept, "/readyz") == "200"
    os.kill(server.pid, signal.SIGTERM)
    eventually(lambda: ask(kept, "/readyz") == "503", "a probe hears of it")
    kept.close()
    assert server.stop() == 0


def test_killed_worker_comes_back(server: Gunicorn) -> None:
    with Traffic(server.connect, clients=4) as traffic:
        victim = server.workers[0]
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: len(server.workers) == 2 and victim not in server.workers)
        before = traffic.total
        eventually(lambda: traffic.total > before + 50)
    assert traffic.failed <= 4 * 4, traffic.outcomes  # what the victim had in its hands


def test_workers_finish_and_end_when_their_master_is_killed(server: Gunicorn) -> None:
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


@pytest.mark.parametrize("kept", [True, False], ids=["kept connections", "new connections"])
def test_replacing_workers_loses_no_request(environment: dict[str, str], kept: bool) -> None:
    often = environment | {"WEB_MAX_REQUESTS": "100"}
    with (
        Gunicorn(often, "--workers", "2") as server,
        Traffic(server.connect, clients=4, kept=kept) as traffic,
    ):
        eventually(lambda: server.log.count("Autorestarting") > 3)
    assert not traffic.failed, traffic.outcomes


def test_restart_on_a_socket_of_systemd_loses_no_request(
    environment: dict[str, str], tmp_path: Path
) -> None:
    held = HeldSocket(tmp_path / "web.sock")
    traffic = Traffic(held.connect, clients=8)
    for number in range(RESTARTS + 1):
        with ActivatedGunicorn(environment, held) as server:
            if number == 0:
                traffic.start()
            eventually(partial(traffic.has_reached, traffic.total + 100))
            if number == RESTARTS:
                traffic.stop()
            assert server.stop() == 0
    held.close()
    assert set(traffic.outcomes) == {"200"}
