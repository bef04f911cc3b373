"""The queue: names of jobs and their arguments, in Redis or in a SQLite file, by huey.

It carries JSON, never pickled Python: whoever can write to the queue can ask for jobs, but cannot
make a worker run anything else. Retries are not its business (see jobs/retries.py), so that the
queue may lose everything it holds without a promise being lost.
"""

import json
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import redis
from huey import Huey
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import RedisStorage, SqliteStorage

from .outages import Outage

Run = Callable[[str, list[Any]], object]

PATIENCE = 0.5  # seconds that a request waits for the queue
WORKERS_PATIENCE = 5.0  # longer than a worker's question, which the queue may answer after 1 s
PAUSE = 5.0  # seconds in which requests leave a queue alone that did not answer
TASK = "job"

# A ValueError is what redis says of an address that it cannot read.
UNREACHABLE = (redis.RedisError, sqlite3.Error, OSError, ValueError)
log = logging.getLogger(__name__)


class QueueUnreachable(Exception):
    """The queue does not answer; the text says where it was looked for and what happened."""


class Messages(Serializer):  # type: ignore[misc]  # huey has no types
    """Writes a job as JSON, and reads nothing else."""

    def _serialize(self, data: Any) -> bytes:
        name, arguments = data.args
        eta = data.eta and data.eta.isoformat()
        return json.dumps([data.id, name, arguments, eta]).encode()

    def _deserialize(self, data: bytes) -> Message:
        job_id, name, arguments, eta = json.loads(bytes(data))
        if not isinstance(name, str) or not isinstance(arguments, list):
            raise TypeError("This is not a job.")
        due = datetime.fromisoformat(eta) if eta else None
        return Message(job_id, f"{__name__}.{TASK}", due, args=(name, arguments))


class Line(Huey):  # type: ignore[misc]  # huey has no types
    """A huey that outlives its storage: an outage is one warning, and heals by itself."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.outage = Outage(PAUSE)
        super().__init__(*arguments, results=False, serializer=Messages(), **options)

    def dequeue(self) -> Any:
        """Return the next job, or None."""
        data = self._ask(self.storage.dequeue)  # None may mean that the time was up
        if data is None:
            return None
        try:
            return self.deserialize_task(data)
        except (ValueError, TypeError):  # a foreign message
            log.error("The queue held %.80r, which is not a job. It was dropped.", bytes(data))  # noqa: TRY400 - where it was read says nothing
            return None

    def read_schedule(self, timestamp: Any = None) -> list[Any]:
        """Return the jobs whose time has come."""
        read = super().read_schedule
        return self._ask(lambda: read(timestamp)) or []

    def is_revoked(self, *_arguments: Any, **_options: Any) -> bool:
        """Spare the question: jobs are never revoked."""
        return False

    def delete(self, _key: str) -> bool:
        """Spare the order: there are no revocations to delete."""
        return False

    def _ask(self, question: Callable[[], Any]) -> Any:
        try:
            answer = question()
        except UNREACHABLE as error:
            if self.outage.begin():
                log.warning("The queue cannot be reached; waiting for it: %s", error)
            time.sleep(1)
            return None
        if answer is not None and self.outage.end():
            log.warning("The queue can be reached again.")
        return answer


class Queue:
    """The queue of one site, for everybody who puts jobs in or asks how it is."""

    def __init__(self, url: str, name: str) -> None:
        self.url, self.name = url, name
        self.outage = Outage(PAUSE)
        self._pid = 0

    def put(self, name: str, arguments: Sequence[Any]) -> bool:
        """Put a job in; False if the queue cannot be reached, which takes a request no longer."""
        if self.outage.forbids():
            return False
        try:
            self._put(name, list(arguments))
        except UNREACHABLE as error:
            if self.outage.begin():
                log.warning("The queue cannot be reached; jobs wait for a sweep: %s", error)
            return False
        if self.outage.end():
            log.warning("The queue can be reached again.")
        return True

    def size(self) -> int:
        """Return how many jobs wait; raise QueueUnreachable if nobody can tell."""
        try:
            line = self._line()
            return int(line.pending_count() + line.scheduled_count())
        except UNREACHABLE as error:
            raise QueueUnreachable(f"{self.place}: {error}") from error

    def ping(self, timeout: float) -> None:
        """Return if the queue answers within `timeout` seconds, else raise QueueUnreachable."""
        try:
            line = open_line(self.url, self.name, timeout)
            try:
                line.pending_count()
            finally:
                close(line)
        except UNREACHABLE as error:
            raise QueueUnreachable(f"{self.place}: {error}") from error

    def for_workers(self, run: Run) -> Line:
        """Return what a consumer of huey's needs; it calls `run(name, arguments)`.

        Raise QueueUnreachable if it never can be. A Redis that is down is waited for.
        """
        try:
            line = open_line(self.url, self.name, WORKERS_PATIENCE)
        except UNREACHABLE as error:
            raise QueueUnreachable(f"{self.place}: {error}") from error
        register(line, run)
        return line

    @property
    def place(self) -> str:
        """The address of the queue without its password."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    def _put(self, name: str, arguments: list[Any]) -> None:
        line = self._line()
        line.enqueue(self._task.s(name, arguments))

    def _line(self) -> Line:
        """Return this process's own connection: no fork may share one."""
        if self._pid != os.getpid():
            self._own = open_line(self.url, self.name, PATIENCE)
            self._task = register(self._own, _is_not_run_here)
            self._pid = os.getpid()
        return self._own


def open_line(url: str, name: str, patience: float) -> Line:
    """Return the queue at `url`, which answers or fails within `patience` seconds.

    Redis is not asked before it is needed; a file that does not exist is made.
    """
    if url.startswith("sqlite:"):
        path = url.removeprefix("sqlite:///")
        return Line(name, storage_class=SqliteStorage, filename=path, timeout=patience)
    pool = redis.ConnectionPool.from_url(
        url,
        socket_timeout=patience,
        socket_connect_timeout=patience,
    )
    return Line(name, storage_class=RedisStorage, connection_pool=pool)


def register(line: Line, run: Run) -> Any:
    """Tell `line` about the one task that there is: to run a job by its name."""

    def job(name: str, arguments: list[Any]) -> None:
        run(name, arguments)

    return line.task(name=TASK)(job)


def close(line: Line) -> None:
    """Give the connections of `line` back."""
    if isinstance(line.storage, RedisStorage):
        line.storage.pool.disconnect()
    else:
        line.storage.close()


def _is_not_run_here(_name: str, _arguments: list[Any]) -> None:
    raise RuntimeError("Only `flask worker` takes jobs out of the queue.")
