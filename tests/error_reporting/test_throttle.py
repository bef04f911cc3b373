"""The throttle of error emails."""

from app.error_reporting.throttle import Throttle

ANNOUNCED = (
    "ERROR_EMAILS_PER_HOUR is reached: this process sends no error email for 60 minutes. "
    "See the log."
)
OCCURRENCES = "Occurrences since the last email about this error"


def test_key_is_admitted_once_per_interval() -> None:
    throttle = Throttle(600, 20)

    admitted = [throttle.admit(key) for key in ("a", "a", "b", "a", "b")]

    assert admitted == [[], None, [], None, None]


def test_hourly_limit_applies_to_all_keys_and_is_announced() -> None:
    throttle = Throttle(600, 3)

    *first, last = [notes for key in "abcdef" if (notes := throttle.admit(key)) is not None]

    assert first == [[], []]
    assert last == [ANNOUNCED]


def test_rejection_by_the_hourly_limit_does_not_start_the_interval() -> None:
    throttle = Throttle(600, 1)
    throttle.admit("a")
    throttle.admit("b")

    throttle.limiter.clear(throttle.per_hour)  # an hour later

    assert throttle.admit("b") == [f"{OCCURRENCES}: 1.", ANNOUNCED]
    assert throttle.admit("a") is None


def test_notes_count_the_errors_that_were_not_sent() -> None:
    throttle = Throttle(600, 20)
    for _ in range(11):
        throttle.admit("a")

    throttle.limiter.clear(throttle.per_key, "a")  # ten minutes later

    assert throttle.admit("a") == [f"{OCCURRENCES}: 10."]
    throttle.limiter.clear(throttle.per_key, "a")
    assert throttle.admit("a") == []
