"""Clients that ask for a page again and again, and what became of their requests.

Other than `load.Load`, which measures an outage, this can keep connections, and speaks to whatever
`connect` connects to.
"""

import http.client
import threading
from collections import Counter
from collections.abc import Callable
from typing import Self

Connect = Callable[[], http.client.HTTPConnection]


class Traffic:
    """`clients` threads that open `path`, one time after the other, until left.

    `outcomes` counts status codes (as text) and what went wrong: `refused` was never taken, and
    `reset` was taken and then lost. `kept` clients use a connection as long as they may, the
    others make a new one for each request.
    """

    def __init__(
        self, connect: Connect, path: str = "/healthz", clients: int = 8, kept: bool = False
    ) -> None:
        self.connect = connect
        self.path = path
        self.kept = kept
        self.outcomes: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._read, daemon=True) for _ in range(clients)]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to ask."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask no more, and wait for what was asked."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def total(self) -> int:
        """How many requests have ended, one way or another."""
        with self._lock:
            return self.outcomes.total()

    def has_reached(self, total: int) -> bool:
        """Tell whether so many requests have ended."""
        return self.total >= total

    @property
    def failed(self) -> int:
        """How many were not answered with 200."""
        with self._lock:
            return self.outcomes.total() - self.outcomes["200"]

    def _read(self) -> None:
        connection = self.connect()
        while not self._over.is_set():
            outcome = ask(connection, self.path)
            with self._lock:
                self.outcomes[outcome] += 1
            if not self.kept or not outcome.isdigit():
                connection.close()  # the next request opens it again
        connection.close()


def ask_once(connection: http.client.HTTPConnection, path: str) -> str:
    """Do as `ask`, and close the connection."""
    try:
        return ask(connection, path)
    finally:
        connection.close()


def ask(connection: http.client.HTTPConnection, path: str) -> str:
    """Return the status of `path`, or the name of what went wrong."""
    return outcome_of(lambda: _status_of(connection, path))


def outcome_of(request: Callable[[], int | str]) -> str:
    """Send a request; return what it returns as text, or the name of what went wrong."""
    try:
        return str(request())
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
