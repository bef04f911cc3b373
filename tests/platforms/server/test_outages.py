"""Every part of the site is killed under load: nothing accepted is lost, and the site recovers.

benchmarks/resilience.py measures the cost of these faults; here they are short.
"""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from benchmarks.fault_injection import FAULTS, SQLITE_FAULT, Fault
from benchmarks.resilience import TrialResult, run_trial
from benchmarks.stacks import ProductionStack, SQLiteStack, Stack

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("outages")]

CLIENTS = 6
SECONDS = 0.5  # duration of an outage

# The outcomes that a failed request may have. nginx returns 502 while gunicorn is down.
OUTCOMES = {"502", "503"}

UNSEEN = [fault for fault in FAULTS if fault.is_lossless]
SEEN = [fault for fault in FAULTS if not fault.is_lossless]
WRITING_CLIENTS = {0, 1}  # those that post and register
PROCESSES = {"worker", "master"}  # of gunicorn: the requests that they were serving fail


class Resilience:
    """The site and the results of its trials. A killed service restarts at once."""

    def __init__(self, stack: ExitStack) -> None:
        self.site = ProductionStack(stack, pause=0)
        self.trials: list[TrialResult] = []

    def run_trial(self, fault: Fault[ProductionStack]) -> TrialResult:
        """Inject a fault."""
        trial = run_trial(self.site, fault, CLIENTS, SECONDS)
        self.trials.append(trial)
        # A process that is killed while it sends a response leaves it incomplete.
        cut = {"reset"} if fault.name in PROCESSES else set()
        expect_posts(self.site, trial, OUTCOMES | cut)
        return trial


@pytest.fixture(scope="module")
def trials_of() -> Iterator[Resilience]:
    with ExitStack() as stack:
        yield Resilience(stack)


def expect_posts(site: Stack, trial: TrialResult, outcomes: set[str] = OUTCOMES) -> None:
    """Check that every accepted post exists, and that failed requests have one of `outcomes`."""
    print(trial.outage)
    assert trial.posts
    assert trial.posts - site.posts() == set()
    assert set(trial.outage.failure_counts) <= outcomes
    assert trial.outage.failed_after_recovery == []


@pytest.mark.parametrize("fault", UNSEEN, ids=lambda fault: fault.name)
def test_fault_fails_no_request(trials_of: Resilience, fault: Fault[ProductionStack]) -> None:
    trial = trials_of.run_trial(fault)

    assert trial.outage.failed == []


@pytest.mark.parametrize("fault", SEEN, ids=lambda fault: fault.name)
def test_site_recovers_and_loses_nothing_it_accepted(
    trials_of: Resilience, fault: Fault[ProductionStack]
) -> None:
    trial = trials_of.run_trial(fault)

    if fault.name in PROCESSES:
        assert len(trial.outage.failed) <= CLIENTS


def test_full_sqlite_disk_loses_nothing_that_was_accepted() -> None:
    with ExitStack() as stack:
        site = SQLiteStack(stack)
        trial = run_trial(site, SQLITE_FAULT, CLIENTS, SECONDS)

        expect_posts(site, trial)
        assert trial.outage.failed, "The disk was never full."
        assert {answer.client for answer in trial.outage.failed} <= WRITING_CLIENTS
        assert trial.emails - site.emails() == set()


def test_every_email_of_all_trials_arrives(trials_of: Resilience) -> None:
    accepted = {address for trial in trials_of.trials for address in trial.emails}

    assert all(trial.emails for trial in trials_of.trials)
    assert accepted - trials_of.site.emails() == set()
    assert {trial.row(trials_of.site).emails[:5] for trial in trials_of.trials} == {"0 of "}
