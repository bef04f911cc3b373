"""A throttle lets each thing through once in a while, and so much of everything in an hour."""

import pytest

from app.throttle import HOUR, MOST_KEYS, Admission, Throttle

NOTHING_TO_ADD = Admission(repeated=0, held_back=0, pause=0)


def test_first_time_is_let_through() -> None:
    assert Throttle(60, 20).admit("a", 0) == NOTHING_TO_ADD


@pytest.mark.parametrize(
    ("after", "is_let_through"), [(0, False), (59.9, False), (60, True), (1000, True)]
)
def test_same_thing_is_let_through_once_in_an_interval(after: float, is_let_through: bool) -> None:
    throttle = Throttle(60, 20)
    throttle.admit("a", 5)

    assert (throttle.admit("a", 5 + after) is not None) is is_let_through


def test_what_is_turned_away_does_not_prolong_the_interval() -> None:
    throttle = Throttle(60, 20)

    let_through = [second for second in range(180) if throttle.admit("a", second)]

    assert let_through == [0, 60, 120]


def test_other_things_do_not_wait_for_it() -> None:
    throttle = Throttle(60, 20)
    throttle.admit("a", 0)

    assert throttle.admit("b", 1) == NOTHING_TO_ADD


def test_next_time_tells_how_often_it_was_turned_away_since() -> None:
    throttle = Throttle(60, 20)
    throttle.admit("a", 0)
    for second in range(1, 11):
        throttle.admit("a", second)

    assert throttle.admit("a", 60) == Admission(repeated=10, held_back=0, pause=0)
    assert throttle.admit("a", 120) == NOTHING_TO_ADD


def test_limit_for_an_hour_holds_for_all_things_together() -> None:
    throttle = Throttle(60, 3)

    let_through = [second for second in range(2 * int(HOUR)) if throttle.admit(second, second)]

    assert let_through == [0, 1, 2, 3600, 3601, 3602]


def test_last_one_before_a_pause_tells_how_long_it_is() -> None:
    throttle = Throttle(60, 2)

    first, last = throttle.admit("a", 0), throttle.admit("b", 600)

    assert first == NOTHING_TO_ADD
    assert last == Admission(repeated=0, held_back=0, pause=3000)


def test_first_one_after_a_pause_tells_what_was_kept_back() -> None:
    throttle = Throttle(60, 1)
    throttle.admit("a", 0)
    throttle.admit("a", 10)  # would have been turned away anyhow
    for number in range(7):
        throttle.admit(f"b{number}", 100)
    throttle.admit("c", 200)

    after = throttle.admit("c", HOUR)

    assert after == Admission(repeated=1, held_back=8, pause=HOUR)


def test_things_that_never_repeat_do_not_fill_the_memory() -> None:
    throttle = Throttle(60, 2 * MOST_KEYS)
    for number in range(5 * MOST_KEYS):
        throttle.admit(number, 0)

    assert len(throttle._last) == MOST_KEYS
    assert len(throttle._repeated) == MOST_KEYS
