"""Rate limit hits counted in memory."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from limits.storage import storage_from_string

from app.rate_limiting.memory import MIN_SWEEP, MemoryStorage

THREADS, HITS, ROUNDS = 16, 50, 60


@pytest.fixture
def _frequent_switches() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in a list of one, which tests change."""
    time = [1000.0]
    monkeypatch.setattr("app.rate_limiting.memory.time.time", lambda: time[0])
    return time


@pytest.mark.usefixtures("_frequent_switches")
def test_no_hit_of_concurrent_threads_is_lost() -> None:
    for _round in range(ROUNDS):
        storage = storage_from_string("memory://")
        assert isinstance(storage, MemoryStorage)
        barrier = Barrier(THREADS)

        def hit(storage: MemoryStorage = storage, barrier: Barrier = barrier) -> None:
            barrier.wait()
            for _hit in range(HITS):
                storage.incr("key", 60)

        with ThreadPoolExecutor(THREADS) as executor:
            for future in [executor.submit(hit) for _thread in range(THREADS)]:
                future.result()

        assert storage.get("key") == THREADS * HITS


def test_window_begins_with_the_first_hit(now: list[float]) -> None:
    storage = MemoryStorage()
    assert (storage.get("key"), storage.get_expiry("key")) == (0, 1000)

    assert storage.incr("key", 60) == 1
    now[0] = 1059
    assert storage.incr("key", 60, amount=2) == 3
    assert (storage.get("key"), storage.get_expiry("key")) == (3, 1060)

    now[0] = 1060
    assert storage.get("key") == 0
    assert storage.incr("key", 60) == 1
    assert storage.get_expiry("key") == 1120


def test_hits_are_cleared() -> None:
    storage = MemoryStorage()
    for key in ("a", "b", "c"):
        storage.incr(key, 60)

    storage.clear("a")
    assert (storage.get("a"), storage.get("b")) == (0, 1)
    storage.reset()
    assert (storage.get("b"), storage.check()) == (0, True)


def test_expired_hits_do_not_stay_in_memory(now: list[float]) -> None:
    storage = MemoryStorage()
    for number in range(10 * MIN_SWEEP):
        now[0] += 1
        storage.incr(f"key{number}", 60)

    assert len(storage._hits) <= MIN_SWEEP
    assert storage.get(f"key{10 * MIN_SWEEP - 60}") == 1


def test_valid_hits_stay_however_many_they_are() -> None:
    storage = MemoryStorage()
    for number in range(5 * MIN_SWEEP):
        storage.incr(f"key{number}", 60)

    assert all(storage.get(f"key{number}") == 1 for number in range(5 * MIN_SWEEP))
