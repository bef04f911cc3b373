"""An outage is told once when it begins and once when it ends, and spares others the wait."""

from app.outages import Outage


def test_nothing_is_forbidden_before_a_failure() -> None:
    assert not Outage(60).forbids()


def test_failure_forbids_the_next_attempt_until_the_pause_is_over() -> None:
    long, short = Outage(60), Outage(0)

    long.begin()
    short.begin()

    assert long.forbids()
    assert not short.forbids()


def test_end_forbids_nothing_any_more() -> None:
    outage = Outage(60)
    outage.begin()

    outage.end()

    assert not outage.forbids()


def test_beginning_and_end_are_news_once() -> None:
    outage = Outage(0)

    assert [outage.end(), outage.begin(), outage.begin()] == [False, True, False]
    assert [outage.end(), outage.end(), outage.begin()] == [True, False, True]
