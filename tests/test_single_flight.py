"""A call has a timeout, and concurrent callers share one call."""

from collections.abc import Iterator
from threading import Event, current_thread

import pytest

from app.single_flight import SingleFlight

TIMEOUT = 30  # seconds
SHORT = 0.05


@pytest.fixture
def gate() -> Iterator[Event]:
    gate = Event()
    yield gate
    gate.set()


def test_value_is_returned() -> None:
    assert SingleFlight(lambda: 42, TIMEOUT).result() == 42


def test_exception_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        SingleFlight(lambda: 1 / 0, TIMEOUT).result()


def test_hanging_function_is_called_once_and_again_after_it_has_ended(gate: Event) -> None:
    calls = []

    def hang() -> str:
        calls.append(current_thread())
        gate.wait()
        return "done"

    flight = SingleFlight(hang, SHORT)
    for _ in range(3):
        with pytest.raises(TimeoutError, match=r"no answer within 0\.05 s"):
            flight.result()
    [thread] = calls
    assert thread.daemon

    gate.set()
    thread.join()

    flight.timeout = TIMEOUT
    assert flight.result() == "done"
    assert len(calls) == 2
