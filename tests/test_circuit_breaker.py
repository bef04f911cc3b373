"""The circuit opens after a failure, for a pause, and reports each change once."""

from app.circuit_breaker import CircuitBreaker


def test_circuit_is_closed_before_a_failure() -> None:
    assert not CircuitBreaker(60).is_open()


def test_failure_opens_the_circuit_for_the_pause() -> None:
    long, short = CircuitBreaker(60), CircuitBreaker(0)

    long.record_failure()
    short.record_failure()

    assert long.is_open()
    assert not short.is_open()


def test_success_closes_the_circuit() -> None:
    circuit = CircuitBreaker(60)
    circuit.record_failure()

    circuit.record_success()

    assert not circuit.is_open()


def test_only_changes_are_reported() -> None:
    circuit = CircuitBreaker(0)

    failures = [circuit.record_failure() for _ in range(2)]
    successes = [circuit.record_success() for _ in range(2)]

    assert failures == [True, False]
    assert successes == [True, False]
    assert circuit.record_failure()
    assert not CircuitBreaker(0).record_success()
