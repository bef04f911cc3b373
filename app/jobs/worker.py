"""`flask worker`: takes jobs out of the queue and does them, and sweeps."""

import logging
import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flask import Flask
from huey import RetryTask

from ..queueing import Queue, close
from . import retries
from .sweeping import SWEEP_EVERY, Sweep

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LONGEST_GOODBYE = 20.0  # seconds for the jobs in flight, less than what process managers allow
LONGEST_NAP = 1.0  # seconds until a job in a file is seen; Redis tells at once
RETRY_UNNOTED = 15.0  # seconds


class End:
    """Whether a signal has told this process to end.

    A handler may interrupt another one, or whoever waits here. A lock, which threading.Event has,
    would then wait for itself; a pipe needs none.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)

    def tell(self, *_signal: object) -> None:
        """Be the handler of a signal."""
        with suppress(BlockingIOError):  # it was told so often that the pipe is full
            os.write(self._write, b".")

    def is_told(self, within: float = 0.0) -> bool:
        """Return whether it was, at the latest after so many seconds; at once when it is."""
        return bool(select.select([self._read], [], [], within)[0])


class Worker:
    """A process that does the jobs of a queue in `threads` threads, until it is told to end."""

    def __init__(self, app: Flask, queue: Queue, threads: int) -> None:
        self.app, self.queue, self.threads = app, queue, threads
        self.sweep = Sweep(app)
        self.end = End()

    def run(self) -> None:
        """Work until a signal comes; then finish what is in flight."""
        logging.getLogger("huey").setLevel(logging.WARNING)  # else it tells of every job twice
        line = self.queue.for_workers(self.do)
        consumer = line.create_consumer(
            workers=self.threads,
            periodic=False,
            max_delay=LONGEST_NAP,
            shutdown_timeout=LONGEST_GOODBYE,
        )
        with self._signals_told():
            consumer.start()
        told = (self.queue.place, self.threads, os.getpid())
        self.app.logger.info("The worker does the jobs of %s in %s threads, PID %s.", *told)
        while not self.end.is_told():
            self._sweep()
            consumer.check_worker_health()
            self.end.is_told(within=SWEEP_EVERY)
        self.app.logger.info("The worker finishes the jobs in flight.")
        consumer.stop(graceful=True)
        close(line)
        self.app.logger.info("The worker has ended.")

    def do(self, name: str, arguments: list[Any]) -> None:
        """Do one job. If its failure cannot even be noted, the queue gets it back."""
        with self.app.app_context():
            try:
                retries.run(name, arguments)
            except Exception as error:
                self.app.logger.exception("The job %s%r failed.", name, tuple(arguments))
                raise RetryTask(delay=RETRY_UNNOTED) from error

    def _sweep(self) -> None:
        for step in self.sweep.steps():
            if self.end.is_told():
                return
            step()

    @contextmanager
    def _signals_told(self) -> Iterator[None]:
        """Listen to signals ourselves: huey sets handlers that wait for its own loop.

        None may come in between. The threads that huey starts meanwhile never see one.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            yield
            for number in SIGNALS:
                signal.signal(number, self.end.tell)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
