"""A page that listens to the process `live`, and the process."""

import json
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from typing import Any, Self

from app.live.listeners import HEARTBEAT
from tests.support.servers import TIMEOUT, Gunicorn

WORKER = "app.live.worker.LiveWorker"
OPTIONS = ("--worker-class", WORKER, "--workers", "1", "--threads", "1")


class Stream:
    """A stream of server-sent events: `stream.next()` is the next one, None its end."""

    def __init__(self, connection: HTTPConnection, path: str, cookie: str) -> None:
        self.connection = connection
        connection.request("GET", path, headers={"Cookie": cookie})
        self.response: HTTPResponse = connection.getresponse()
        self.comments = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.connection.close()

    def next(self) -> Any:
        """Wait for the next event, and return its data."""
        while line := self.response.readline():
            if line.startswith(b"data: "):
                return json.loads(line.removeprefix(b"data: "))
            self.comments += line.startswith(b":")
            assert self.comments * HEARTBEAT < TIMEOUT, "No event, but heartbeats"
        return None

    def wait_for(self, state: dict[str, int]) -> None:
        """Wait until this has been sent; fail at the end of the stream."""
        while (received := self.next()) != state:
            assert received is not None, f"The stream ended without {state}"


class LiveProcess(Gunicorn):
    """`gunicorn manage:app` with the worker of the process `live`."""

    def __init__(
        self, environment: dict[str, str], *options: str, bind: str | None = None
    ) -> None:
        super().__init__(environment, *OPTIONS, *options, bind=bind)

    def listen(self, cookie: str, query: str = "") -> Stream:
        """Open a stream."""
        return Stream(self.connect(), f"/live/stream{query}", cookie)

    def status(self, cookie: str = "", path: str = "/live/stream") -> int:
        """Return the status of a request that is refused, or that is no stream."""
        with closing(self.connect()) as connection:
            connection.request("GET", path, headers={"Cookie": cookie})
            return connection.getresponse().status
