"""Every part of the site is killed under load: what was promised is kept, and all heals by itself.

benchmarks/outages.py measures what these incidents cost; here they are brief.
"""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from benchmarks.incidents import INCIDENTS, ON_SQLITE, Incident
from benchmarks.outages import Trial, try_out
from benchmarks.sites import Site, SmallSite, WholeSite

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("outages")]

CLIENTS = 6
SECONDS = 0.5  # that an outage lasts

# What a request that failed may have been answered with. nginx says 502 where gunicorn has gone.
ANSWERS = {"502", "503"}

UNSEEN = [incident for incident in INCIDENTS if incident.is_unseen]
SEEN = [incident for incident in INCIDENTS if not incident.is_unseen]
THOSE_WHO_WRITE = {0, 1}  # of the clients: the writer and the registrar
PROCESSES = {"worker", "master"}  # of gunicorn: their death costs what they had in their hands


class Night:
    """The whole site, and all that has happened to it. What has died starts again at once."""

    def __init__(self, stack: ExitStack) -> None:
        self.site = WholeSite(stack, pause=0)
        self.trials: list[Trial] = []

    def try_out(self, incident: Incident[WholeSite]) -> Trial:
        """Let an incident happen."""
        trial = try_out(self.site, incident, CLIENTS, SECONDS)
        self.trials.append(trial)
        # Whoever dies in the middle of an answer cannot take back its first half.
        cut = {"reset"} if incident.name in PROCESSES else set()
        expect_posts(self.site, trial, ANSWERS | cut)
        return trial


@pytest.fixture(scope="module")
def night() -> Iterator[Night]:
    with ExitStack() as stack:
        yield Night(stack)


def expect_posts(site: Site, trial: Trial, answers: set[str] = ANSWERS) -> None:
    """Check that all posts are there that were promised, and that failures were `answers`."""
    print(trial.outage)
    assert trial.posts
    assert trial.posts - site.posts() == set()
    assert set(trial.outage.kinds) <= answers
    assert trial.outage.late == []


@pytest.mark.parametrize("incident", UNSEEN, ids=lambda incident: incident.name)
def test_no_visitor_hears_of_it(night: Night, incident: Incident[WholeSite]) -> None:
    trial = night.try_out(incident)

    assert trial.outage.failed == []


@pytest.mark.parametrize("incident", SEEN, ids=lambda incident: incident.name)
def test_site_heals_by_itself_and_keeps_what_it_has_promised(
    night: Night, incident: Incident[WholeSite]
) -> None:
    trial = night.try_out(incident)

    if incident.name in PROCESSES:
        assert len(trial.outage.failed) <= CLIENTS


def test_full_disk_of_sqlite_loses_nothing_that_was_promised() -> None:
    with ExitStack() as stack:
        site = SmallSite(stack)
        trial = try_out(site, ON_SQLITE, CLIENTS, SECONDS)

        expect_posts(site, trial)
        assert trial.outage.failed, "The disk was never full."
        assert {answer.client for answer in trial.outage.failed} <= THOSE_WHO_WRITE
        assert trial.letters - site.letters() == set()


def test_every_letter_of_that_night_arrives(night: Night) -> None:
    promised = {address for trial in night.trials for address in trial.letters}

    assert all(trial.letters for trial in night.trials)
    assert promised - night.site.letters() == set()
    assert {trial.row(night.site).letters[:5] for trial in night.trials} == {"0 of "}
