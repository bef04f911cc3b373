"""Rate limit hits counted in memory."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from limits.storage import storage_from_string

from app.rate_limiting.memory import LockedMemoryStorage

THREADS, HITS, ROUNDS = 16, 50, 60


@pytest.fixture
def _frequent_switches() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("_frequent_switches")
def test_no_hit_of_concurrent_threads_is_lost() -> None:
    for _round in range(ROUNDS):
        storage = storage_from_string("memory://")
        assert isinstance(storage, LockedMemoryStorage)
        barrier = Barrier(THREADS)

        def hit(storage: LockedMemoryStorage = storage, barrier: Barrier = barrier) -> None:
            barrier.wait()
            for _hit in range(HITS):
                storage.incr("key", 60)

        with ThreadPoolExecutor(THREADS) as executor:
            for future in [executor.submit(hit) for _thread in range(THREADS)]:
                future.result()

        assert storage.get("key") == THREADS * HITS


def test_hits_expire() -> None:
    storage = LockedMemoryStorage()
    storage.incr("key", 0.001)

    while "key" in storage.expirations:
        storage.incr("other key", 60)

    assert storage.get("key") == 0
