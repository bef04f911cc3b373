"""PostgreSQL is restarted under load: errors while it is down, none before and none after."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.databases import EphemeralPostgres
from tests.mailbox import free_port

from .load import Load, Outage, is_bad, is_good
from .servers import Gunicorn, deploy, eventually, production

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def postgres() -> Iterator[EphemeralPostgres]:
    """A server of its own, which nobody else needs."""
    with EphemeralPostgres() as server:
        yield server


@pytest.fixture(scope="module")
def site(postgres: EphemeralPostgres) -> Iterator[Gunicorn]:
    """Two workers with four threads each."""
    port = free_port()
    environment = production(f"http://127.0.0.1:{port}", postgres.new_database())
    deploy(environment)
    options = ("--workers", "2", "--threads", "4", "--worker-class", "gthread")
    with Gunicorn(environment, *options, bind=f"127.0.0.1:{port}") as server:
        yield server


def outage(site: Gunicorn, stop: Callable[[], None], start: Callable[[], None]) -> Outage:
    """Stop and start PostgreSQL while eight readers read; return what they saw."""
    with Load(site.bind) as load:
        load.wait_for(50, is_good, since=0)
        down = time.monotonic()
        stop()
        load.wait_for(50, is_bad, since=down)
        start()
        up = time.monotonic()
        load.wait_for(200, is_good, since=up)
    return Outage(down, up, load.answers)


ENDS: dict[str, Callable[[EphemeralPostgres], None]] = {
    "restarted": lambda server: server.stop("fast"),
    "power cut": lambda server: server.stop("immediate"),
    "killed": lambda server: server.kill(),
}


@pytest.mark.parametrize("stop", ENDS.values(), ids=ENDS)
def test_restart_of_postgresql_costs_errors_only_while_it_is_down(
    site: Gunicorn, postgres: EphemeralPostgres, stop: Callable[[EphemeralPostgres], None]
) -> None:
    eventually(lambda: len(site.workers) == 2, "both workers run")
    workers, lines = site.workers, len(site.log)

    seen = outage(site, lambda: stop(postgres), postgres.start)

    print(seen)
    assert {answer.status for answer in seen.failed} == {503}, site.log[lines:]
    assert [answer for answer in seen.failed if answer.at + answer.seconds < seen.down] == []
    assert seen.late == []
    assert site.workers == workers
    assert "Traceback" not in site.log[lines:]
