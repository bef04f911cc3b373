"""Clients that request one path repeatedly, and the outcomes of their requests.

Unlike `load.LoadGenerator`, which measures an outage, they can keep their connections, and
connect to whatever `connect` returns.
"""

import http.client
import threading
from collections import Counter
from collections.abc import Callable
from typing import Self

Connect = Callable[[], http.client.HTTPConnection]


class Traffic:
    """`clients` threads that request `path`, one request after the other, until stopped.

    `outcomes` counts status codes (as text) and failures: `refused` is a connection that was
    not accepted, `reset` one that was accepted and then lost. With `keep_alive`, clients reuse a
    connection as long as the server allows; without it, every request opens a new one.
    """

    def __init__(
        self,
        connect: Connect,
        path: str = "/healthz",
        clients: int = 8,
        keep_alive: bool = False,
    ) -> None:
        self.connect = connect
        self.path = path
        self.keep_alive = keep_alive
        self.outcomes: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(clients)]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the clients."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop the clients, after their requests in flight."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    @property
    def total(self) -> int:
        """The number of finished requests."""
        with self._lock:
            return self.outcomes.total()

    def has_reached(self, total: int) -> bool:
        """Return True if `total` requests have finished."""
        return self.total >= total

    @property
    def failed(self) -> int:
        """The number of requests without a 200."""
        with self._lock:
            return self.outcomes.total() - self.outcomes["200"]

    def _run(self) -> None:
        connection = self.connect()
        while not self._stopped.is_set():
            outcome = get_status(connection, self.path)
            with self._lock:
                self.outcomes[outcome] += 1
            if not self.keep_alive or not outcome.isdigit():
                connection.close()  # the next request opens it again
        connection.close()


def get_status_once(connection: http.client.HTTPConnection, path: str) -> str:
    """Return `get_status`, and close the connection."""
    try:
        return get_status(connection, path)
    finally:
        connection.close()


def get_status(connection: http.client.HTTPConnection, path: str) -> str:
    """Return the status of `path` as text, or the kind of failure."""
    return outcome_of(lambda: _status_of(connection, path))


def outcome_of(send: Callable[[], int | str]) -> str:
    """Return what `send()` returns, as text, or the kind of failure: refused, reset, OSError."""
    try:
        return str(send())
    except (ConnectionRefusedError, FileNotFoundError):
        return "refused"
    except (ConnectionError, http.client.HTTPException):
        return "reset"
    except OSError as error:
        return type(error).__name__


def _status_of(connection: http.client.HTTPConnection, path: str) -> int:
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    return response.status
