"""Three machines and two workers: what they share, and what it costs to replace or lose one."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from benchmarks.outages import PAUSE, SOME
from tests.factories import PASSWORD
from tests.manual import commands
from tests.system.load import Crowd, Outage
from tests.system.servers import eventually
from tests.system.visitor import Browser

from .engine import Engine
from .machines import (
    FIRST,
    NEXT,
    PAGE,
    RELEASE,
    Machines,
    machines_asked,
    new_release,
    wait_until_all_answer,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("containers")]

CLIENTS = 32


@pytest.fixture(scope="module")
def site(engine: Engine, image: str) -> Iterator[Machines]:
    assert image
    with ExitStack() as stack:
        yield Machines(stack, engine)


class Night:
    """What the visitors of the site saw while something happened to its machines."""

    def __init__(self, site: Machines, happen: Callable[[], object]) -> None:
        visitors = site.visitors(CLIENTS)
        with Crowd(visitors.asks, PAUSE) as crowd:
            crowd.wait_for_everybody(SOME, since=0)
            down = time.monotonic()
            happen()
            up = time.monotonic()
            crowd.wait_for_everybody(SOME, since=up)
        visitors.leave()
        self.outage = Outage(down, up, crowd.answers)
        self.posts_lost = set(visitors.writer.promised) - site.posts()
        self.letters_lost = set(visitors.registrar.promised) - site.letters()
        self.promised = len(visitors.writer.promised), len(visitors.registrar.promised)

    def expect_promises_kept(self) -> None:
        """Check that what was promised is there."""
        assert min(self.promised) > 0
        assert (self.posts_lost, self.letters_lost) == (set(), set())


def browser(site: Machines) -> Browser:
    return Browser(site.url, site.connect)


def test_sessions_hold_on_every_machine(site: Machines) -> None:
    ann = browser(site).log_in("ann@example.com", PASSWORD)

    pages = [ann.get("/followed") for _ in range(12)]

    assert machines_asked(site.nginx, "/followed") >= {machine.address for machine in site.webs}
    assert all(page.status == 200 and b"/auth/logout" in page.body for page in pages)


def test_limits_are_counted_for_all_machines_together(site: Machines) -> None:
    def ask() -> int:
        form = browser(site)
        return form.submit("/auth/reset", email="nobody@example.com").status

    statuses = [ask() for _ in range(5 + len(site.webs))]

    assert statuses.count(429) == len(site.webs)
    assert statuses[-len(site.webs) :] == [429] * len(site.webs)


def test_each_letter_is_brought_once_and_by_either_worker(site: Machines) -> None:
    addresses = [f"reader{number}@example.com" for number in range(20)]
    for address in addresses:
        fields = {"email": address, "username": address.split("@", maxsplit=1)[0]}
        passwords = {"password": PASSWORD, "password2": PASSWORD}
        answer = browser(site).submit("/auth/register", **fields, **passwords)
        assert answer.headers["Location"] == "/auth/unconfirmed"

    site.letters()
    taken = Counter(recipient for recipient, _name in site.office.taken())

    assert {taken[address] for address in addresses} == {1}
    addresses_of_workers = {
        machine.tell("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")
        for machine in site.workers
    }
    assert site.office.bearers() == addresses_of_workers


def test_numbers_of_all_machines_add_up(site: Machines) -> None:
    before = [machine.count("main.user") for machine in site.webs]

    for number in range(30):
        assert browser(site).get(f"/user/bob?{number}").status == 200

    after = [machine.count("main.user") for machine in site.webs]
    assert sum(after) - sum(before) == 30
    assert all(now > then for now, then in zip(after, before, strict=True))


def test_new_release_costs_nobody_anything(site: Machines) -> None:
    with new_release(site.podman):
        night = Night(site, site.update)

    print(f"A new release under {CLIENTS} clients: {night.outage}")
    assert [machine.release() for machine in site.webs] == [RELEASE] * len(site.webs)
    assert night.outage.failed == []
    night.expect_promises_kept()


def test_machine_that_dies_costs_what_it_had_in_its_hands(site: Machines) -> None:
    def kill() -> None:
        site.webs[0].kill()
        wait_until_all_answer(site.webs)  # the engine starts it again

    night = Night(site, kill)

    print(f"kill -9 of one machine under {CLIENTS} clients: {night.outage}")
    # A form is not sent twice, and half an answer cannot be taken back.
    assert set(night.outage.kinds) <= {"502", "reset"}
    assert len(night.outage.failed) <= -(-CLIENTS // len(site.webs)), "what was in its hands"
    assert night.outage.late == []
    night.expect_promises_kept()


def test_letters_of_a_worker_that_dies_are_another_s(site: Machines) -> None:
    night = Night(site, site.workers[0].kill)

    assert night.outage.failed == []
    night.expect_promises_kept()
    eventually(lambda: site.workers[0].tell("{{.State.Running}}") == "true", "it starts again")


def test_every_command_of_the_page_is_typed() -> None:
    assert {command.chapter for command in commands(PAGE)} == {FIRST, NEXT}
