"""PostgreSQL restarts under load: requests fail while it is down, not before and not after."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.support.databases import EphemeralPostgres
from tests.support.load import OutageReport, PageLoad, is_failure, is_success
from tests.support.mailbox import free_port
from tests.support.servers import Gunicorn, deploy, eventually, production

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def postgres() -> Iterator[EphemeralPostgres]:
    """A PostgreSQL server that no other test uses."""
    with EphemeralPostgres() as server:
        yield server


@pytest.fixture(scope="module")
def site(postgres: EphemeralPostgres) -> Iterator[Gunicorn]:
    """gunicorn with two workers of four threads."""
    port = free_port()
    environment = production(f"http://127.0.0.1:{port}", postgres.new_database())
    deploy(environment)
    options = ("--workers", "2", "--threads", "4", "--worker-class", "gthread")
    with Gunicorn(environment, *options, bind=f"127.0.0.1:{port}") as server:
        yield server


def outage(site: Gunicorn, stop: Callable[[], None], start: Callable[[], None]) -> OutageReport:
    """Stop and start PostgreSQL under the load of eight clients; return the report."""
    with PageLoad(site.bind) as load:
        load.wait_for(50, is_success, since=0)
        down = time.monotonic()
        stop()
        load.wait_for(50, is_failure, since=down)
        start()
        up = time.monotonic()
        load.wait_for(200, is_success, since=up)
    return OutageReport(down, up, load.results)


ENDS: dict[str, Callable[[EphemeralPostgres], None]] = {
    "restarted": lambda server: server.stop("fast"),
    "power cut": lambda server: server.stop("immediate"),
    "killed": lambda server: server.kill(),
}


@pytest.mark.parametrize("stop", ENDS.values(), ids=ENDS)
def test_requests_fail_only_while_postgresql_is_down(
    site: Gunicorn, postgres: EphemeralPostgres, stop: Callable[[EphemeralPostgres], None]
) -> None:
    eventually(lambda: len(site.workers) == 2, "both workers are running")
    workers, lines = site.workers, len(site.log)

    seen = outage(site, lambda: stop(postgres), postgres.start)

    print(seen)
    assert {answer.status for answer in seen.failed} == {503}, site.log[lines:]
    assert [answer for answer in seen.failed if answer.sent_at + answer.duration < seen.down] == []
    assert seen.failed_after_recovery == []
    assert site.workers == workers
    assert "Traceback" not in site.log[lines:]
