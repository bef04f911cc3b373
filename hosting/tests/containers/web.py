"""HTTP requests, and clients that send them continuously."""

import http.client
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any, Self

TIMEOUT = 120  # seconds; the machine may be busy


def wait_until(condition: Callable[[], object], what: str, timeout: float = TIMEOUT) -> None:
    """Return once the condition is true; fail after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"Did not happen: {what}"
        time.sleep(0.1)  # most conditions start programs on a server, which needs the CPU time


@dataclass(frozen=True)
class Response:
    """A complete HTTP response."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


def get(connection: http.client.HTTPConnection, path: str, **options: Any) -> Response:
    """Send a GET request; the connection stays open."""
    connection.request("GET", path, **options)
    response = connection.getresponse()
    return Response(response.status, response.headers, response.read())


def outcome_of(request: Callable[[], object]) -> str:
    """Send a request; return its result as text, or the kind of network error."""
    try:
        return str(request())
    except ConnectionRefusedError:
        return "refused"
    except (ConnectionError, http.client.HTTPException):
        return "reset"
    except OSError as error:
        return type(error).__name__


@dataclass(frozen=True)
class Sample:
    """The outcome of one request of one client; times are of time.monotonic()."""

    client: int
    began: float
    ended: float
    outcome: str


class LoadClients:
    """Threads that each call a function again and again, and record the outcomes."""

    def __init__(self, requests: Sequence[Callable[[], object]], pause: float) -> None:
        self.pause = pause
        self.samples: list[Sample] = []
        self._stop = Event()
        self._threads = [
            Thread(target=self._work, args=(client, request), daemon=True)
            for client, request in enumerate(requests)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self.wait_for_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for_all(self) -> None:
        """Return once each client has a response to a request sent from now on."""
        now, clients = time.monotonic(), set(range(len(self._threads)))
        wait_until(
            lambda: {one.client for one in self.samples if one.began >= now} == clients,
            "every client gets a response",
        )

    def _work(self, client: int, request: Callable[[], object]) -> None:
        while not self._stop.wait(self.pause):
            began = time.monotonic()
            outcome = outcome_of(request)
            self.samples.append(Sample(client, began, time.monotonic(), outcome))
