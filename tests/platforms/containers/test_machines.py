"""Three web machines and two workers: shared state, and the cost of replacing or losing one."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from benchmarks.resilience import MIN_RESPONSES, PAUSE
from tests.platforms.containers.machines import (
    FIRST,
    NEXT,
    PAGE,
    RELEASE,
    Machines,
    new_release,
    upstreams_of,
    wait_until_all_ready,
)
from tests.support.doc_commands import commands
from tests.support.factories import PASSWORD
from tests.support.load import LoadGenerator, OutageReport
from tests.support.podman import Podman
from tests.support.raw_browser import RawBrowser
from tests.support.servers import eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("containers")]

CLIENTS = 32


@pytest.fixture(scope="module")
def site(engine: Podman, image: str) -> Iterator[Machines]:
    assert image
    with ExitStack() as stack:
        yield Machines(stack, engine)


class Trial:
    """The requests of clients while machines are replaced or killed."""

    def __init__(self, site: Machines, happen: Callable[[], object]) -> None:
        clients = site.clients(CLIENTS)
        with LoadGenerator(clients.senders, PAUSE) as load:
            load.wait_for_all_clients(MIN_RESPONSES, since=0)
            down = time.monotonic()
            happen()
            up = time.monotonic()
            load.wait_for_all_clients(MIN_RESPONSES, since=up)
        clients.close()
        self.outage = OutageReport(down, up, load.results)
        self.posts_lost = set(clients.posting.accepted) - site.posts()
        self.emails_lost = set(clients.registering.accepted) - site.emails()
        self.accepted = len(clients.posting.accepted), len(clients.registering.accepted)

    def assert_nothing_lost(self) -> None:
        """Check that every accepted post and email exists."""
        assert min(self.accepted) > 0
        assert (self.posts_lost, self.emails_lost) == (set(), set())


def browser(site: Machines) -> RawBrowser:
    return RawBrowser(site.url, site.connect)


def test_sessions_are_valid_on_every_machine(site: Machines) -> None:
    ann = browser(site).log_in("ann@example.com", PASSWORD)

    pages = [ann.get("/followed") for _ in range(12)]

    assert upstreams_of(site.nginx, "/followed") >= {machine.address for machine in site.webs}
    assert all(page.status == 200 and b"/auth/logout" in page.body for page in pages)


def test_rate_limits_are_shared_by_all_machines(site: Machines) -> None:
    def ask() -> int:
        form = browser(site)
        return form.submit("/auth/reset", email="nobody@example.com").status

    statuses = [ask() for _ in range(5 + len(site.webs))]

    assert statuses.count(429) == len(site.webs)
    assert statuses[-len(site.webs) :] == [429] * len(site.webs)


def test_each_email_is_sent_once_by_one_of_the_workers(site: Machines) -> None:
    addresses = [f"reader{number}@example.com" for number in range(20)]
    for address in addresses:
        fields = {"email": address, "username": address.split("@", maxsplit=1)[0]}
        passwords = {"password": PASSWORD, "password2": PASSWORD}
        answer = browser(site).submit("/auth/register", **fields, **passwords)
        assert answer.headers["Location"] == "/auth/unconfirmed"

    site.emails()
    taken = Counter(recipient for recipient, _name in site.smtp_sink.accepted())

    assert {taken[address] for address in addresses} == {1}
    addresses_of_workers = {
        machine.inspect("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")
        for machine in site.workers
    }
    assert site.smtp_sink.clients() <= addresses_of_workers


def test_metrics_of_all_machines_add_up(site: Machines) -> None:
    before = [machine.count("main.user") for machine in site.webs]

    for number in range(30):
        assert browser(site).get(f"/user/bob?{number}").status == 200

    after = [machine.count("main.user") for machine in site.webs]
    assert sum(after) - sum(before) == 30
    assert all(now > then for now, then in zip(after, before, strict=True))


def test_rolling_update_loses_no_request(site: Machines) -> None:
    with new_release(site.podman):
        trial = Trial(site, site.update)

    print(f"Rolling update under {CLIENTS} clients: {trial.outage}")
    assert [machine.release() for machine in site.webs] == [RELEASE] * len(site.webs)
    assert trial.outage.failed == []
    trial.assert_nothing_lost()


def test_killed_machine_fails_only_its_requests_in_flight(site: Machines) -> None:
    def kill() -> None:
        site.webs[0].kill()
        wait_until_all_ready(site.webs)  # podman restarts it

    trial = Trial(site, kill)

    print(f"kill -9 of one machine under {CLIENTS} clients: {trial.outage}")
    # nginx does not retry a form, nor a response that it has begun to send.
    assert set(trial.outage.failure_counts) <= {"502", "reset"}
    assert len(trial.outage.failed) <= -(-CLIENTS // len(site.webs)), "requests in flight"
    assert trial.outage.failed_after_recovery == []
    trial.assert_nothing_lost()


def test_emails_of_a_killed_worker_are_sent_by_another(site: Machines) -> None:
    trial = Trial(site, site.workers[0].kill)

    assert trial.outage.failed == []
    trial.assert_nothing_lost()
    eventually(lambda: site.workers[0].inspect("{{.State.Running}}") == "true", "it restarts")


def test_every_documented_command_runs() -> None:
    assert {command.section for command in commands(PAGE)} == {FIRST, NEXT}
