"""Load generators, and a report of what an outage cost their requests.

`with PageLoad("127.0.0.1:8000") as load: …` records every response. The benchmarks use it too.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Thread
from typing import Self

from tests.support.servers import connect
from tests.support.traffic import get_status_once

NO_RESPONSE = 0  # the status of a request that was refused, reset or timed out

SendRequest = Callable[[], str]


@dataclass(frozen=True)
class RequestResult:
    """A request: when it was sent, its duration in seconds, its outcome, and its client.

    `outcome` is the status code as text, or a kind of failure: see traffic.outcome_of.
    """

    sent_at: float
    duration: float
    outcome: str
    client: int = 0

    @property
    def status(self) -> int:
        """The status code, or NO_RESPONSE."""
        return int(self.outcome) if self.outcome.isdigit() else NO_RESPONSE

    @property
    def ended_at(self) -> float:
        """When the response, or the failure, arrived."""
        return self.sent_at + self.duration


class LoadGenerator:
    """A thread for each function in `clients`, which sends a request and returns its outcome."""

    def __init__(self, clients: Sequence[SendRequest], pause: float = 0.01) -> None:
        self.pause = pause
        self.results: list[RequestResult] = []
        self._stopped = Event()
        self._threads = [
            Thread(target=self._run, args=(number, send), daemon=True)
            for number, send in enumerate(clients)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def since(self, moment: float) -> list[RequestResult]:
        """Return the results of requests that were sent after `moment` (of time.monotonic)."""
        return [result for result in list(self.results) if result.sent_at >= moment]

    def wait_for(
        self,
        count: int,
        matches: Callable[[RequestResult], bool],
        since: float,
        timeout: float = 60,
    ) -> None:
        """Return once `count` results of requests that were sent after `since` match."""
        deadline = time.monotonic() + timeout
        while sum(map(matches, self.since(since))) < count:
            assert time.monotonic() < deadline, f"{self.results[-20:]}"
            time.sleep(0.02)

    def wait_for_all_clients(self, count: int, since: float, timeout: float = 60) -> None:
        """Return once each client has had `count` successful requests after `since`."""
        deadline = time.monotonic() + timeout
        while min(self._successes_by_client(since)) < count:
            assert time.monotonic() < deadline, f"Some clients fail: {self.results[-20:]}"
            time.sleep(0.02)

    def _successes_by_client(self, since: float) -> list[int]:
        counts = Counter(result.client for result in self.since(since) if is_success(result))
        return [counts[client] for client in range(len(self._threads))]

    def _run(self, client: int, send: SendRequest) -> None:
        while not self._stopped.wait(self.pause):
            sent_at = time.monotonic()
            outcome = send()
            duration = time.monotonic() - sent_at
            self.results.append(RequestResult(sent_at, duration, outcome, client))


class PageLoad(LoadGenerator):
    """`clients` anonymous users who open `path`, each time over a new connection."""

    def __init__(self, bind: str, path: str = "/", clients: int = 8, pause: float = 0.01) -> None:
        super().__init__([lambda: get_status_once(connect(bind), path)] * clients, pause)


def is_success(result: RequestResult) -> bool:
    """Return True for a 2xx or 3xx response."""
    return 200 <= result.status < 400


def is_failure(result: RequestResult) -> bool:
    """Return True for an error response, or none at all."""
    return not is_success(result)


@dataclass(frozen=True)
class OutageReport:
    """What an outage that lasted from `down` to `up` cost its clients."""

    down: float
    up: float
    results: list[RequestResult]

    @property
    def failed(self) -> list[RequestResult]:
        """The failed requests."""
        return [result for result in self.results if is_failure(result)]

    @property
    def failure_counts(self) -> Counter[str]:
        """The number of failures by outcome."""
        return Counter(result.outcome for result in self.failed)

    @property
    def failed_after_recovery(self) -> list[RequestResult]:
        """The failed requests that were sent after the outage."""
        return [result for result in self.failed if result.sent_at >= self.up]

    @property
    def failure_span(self) -> float:
        """Seconds from the first failure to the last."""
        failed = self.failed
        if not failed:
            return 0.0
        return max(one.ended_at for one in failed) - min(one.sent_at for one in failed)

    @property
    def recovery_time(self) -> float:
        """Seconds from the end of the outage to the last failure."""
        return max([0.0, *(result.ended_at - self.up for result in self.failed)])

    @property
    def slowest(self) -> float:
        """The longest duration of a request, in seconds."""
        return max(result.duration for result in self.results)

    @property
    def first_success(self) -> float:
        """Seconds from the end of the outage to the first successful response."""
        ends = [result.ended_at for result in self.results if is_success(result)]
        return min(end for end in ends if end >= self.up) - self.up

    def __str__(self) -> str:
        return (
            f"down for {self.up - self.down:.2f} s; {len(self.failed)} of {len(self.results)} "
            f"requests failed ({dict(self.failure_counts)}), {len(self.failed_after_recovery)} "
            f"of them after recovery; first success {self.first_success:.2f} s after it; "
            f"slowest {self.slowest:.2f} s"
        )
