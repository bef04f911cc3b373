"""Clients who never rest, while something behind the site breaks and comes back.

`with Load("127.0.0.1:8000") as load: …` counts every answer. Benchmarks use it as well.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Thread
from typing import Self

from .servers import connect
from .traffic import ask_once

NO_ANSWER = 0  # the status of a request that was refused, reset or not answered in time

Ask = Callable[[], str]


@dataclass(frozen=True)
class Answer:
    """What became of a request: when it was sent, how long it took, what came back, to whom.

    `outcome` is the status, as text, or why there was none: see traffic.py.
    """

    at: float
    seconds: float
    outcome: str
    client: int = 0

    @property
    def status(self) -> int:
        """The status, or NO_ANSWER."""
        return int(self.outcome) if self.outcome.isdigit() else NO_ANSWER

    @property
    def end(self) -> float:
        """When it came."""
        return self.at + self.seconds


class Crowd:
    """Clients in threads, one for each of `asks`, which is called again and again.

    It sends one request and returns its outcome.
    """

    def __init__(self, asks: Sequence[Ask], pause: float = 0.01) -> None:
        self.pause = pause
        self.answers: list[Answer] = []
        self._is_over = Event()
        self._threads = [
            Thread(target=self._work, args=(client, ask), daemon=True)
            for client, ask in enumerate(asks)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def since(self, moment: float) -> list[Answer]:
        """Return the answers to requests that were sent after `moment` (of time.monotonic)."""
        return [answer for answer in list(self.answers) if answer.at >= moment]

    def wait_for(
        self, number: int, what: Callable[[Answer], bool], since: float, patience: float = 60
    ) -> None:
        """Return once `number` answers to requests sent after `since` are as `what` says."""
        give_up = time.monotonic() + patience
        while sum(map(what, self.since(since))) < number:
            assert time.monotonic() < give_up, f"{self.answers[-20:]}"
            time.sleep(0.02)

    def wait_for_everybody(self, number: int, since: float, patience: float = 60) -> None:
        """Return once each client has got `number` good answers since `since`."""
        give_up = time.monotonic() + patience
        while min(self._good_of_each(since)) < number:
            assert time.monotonic() < give_up, f"Some get nothing: {self.answers[-20:]}"
            time.sleep(0.02)

    def _good_of_each(self, since: float) -> list[int]:
        good = Counter(answer.client for answer in self.since(since) if is_good(answer))
        return [good[client] for client in range(len(self._threads))]

    def _work(self, client: int, ask: Ask) -> None:
        while not self._is_over.wait(self.pause):
            began = time.monotonic()
            outcome = ask()
            self.answers.append(Answer(began, time.monotonic() - began, outcome, client))


class Load(Crowd):
    """`clients` readers, each of whom opens `path`, over a new connection each time."""

    def __init__(self, bind: str, path: str = "/", clients: int = 8, pause: float = 0.01) -> None:
        super().__init__([lambda: ask_once(connect(bind), path)] * clients, pause)


def is_good(answer: Answer) -> bool:
    """Tell whether the client got the page, or was sent on to another."""
    return 200 <= answer.status < 400


def is_bad(answer: Answer) -> bool:
    """Tell whether the client did not get what it asked for."""
    return not is_good(answer)


@dataclass(frozen=True)
class Outage:
    """What an outage from `down` to `up` has cost those who asked."""

    down: float
    up: float
    answers: list[Answer]

    @property
    def failed(self) -> list[Answer]:
        """The answers that were no good."""
        return [answer for answer in self.answers if is_bad(answer)]

    @property
    def kinds(self) -> Counter[str]:
        """How often which failure was seen."""
        return Counter(answer.outcome for answer in self.failed)

    @property
    def late(self) -> list[Answer]:
        """Failures of requests that were sent when all was well again."""
        return [answer for answer in self.failed if answer.at >= self.up]

    @property
    def seen(self) -> float:
        """Seconds from the first failure to the last one."""
        failed = self.failed
        if not failed:
            return 0.0
        return max(one.end for one in failed) - min(one.at for one in failed)

    @property
    def healing(self) -> float:
        """Seconds from the end of the outage to the end of the last failure."""
        return max([0.0, *(answer.end - self.up for answer in self.failed)])

    @property
    def slowest(self) -> float:
        """Seconds that somebody waited for an answer, good or bad."""
        return max(answer.seconds for answer in self.answers)

    @property
    def first_good(self) -> float:
        """Seconds from the end of the outage to the end of the first good answer."""
        ends = [answer.end for answer in self.answers if is_good(answer)]
        return min(end for end in ends if end >= self.up) - self.up

    def __str__(self) -> str:
        return (
            f"down for {self.up - self.down:.2f} s; {len(self.failed)} of {len(self.answers)} "
            f"requests failed ({dict(self.kinds)}), {len(self.late)} of them after it was up; "
            f"first good answer {self.first_good:.2f} s after; slowest {self.slowest:.2f} s"
        )
