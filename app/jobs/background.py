"""A process's own thread for jobs, which does them where no queue is configured.

A timer sweeps as long as the process lives, so that letters are tried again without any worker.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from flask import Flask

from .sweeping import SWEEP_EVERY, Sweep


class Background:
    """One thread that works in order, and a timer. Both begin with the first use: after a fork."""

    def __init__(self, app: Flask) -> None:
        self.sweep = Sweep(app)
        self._lock = threading.Lock()
        self._pid = 0

    def start(self) -> None:
        """Begin, unless this process has already begun."""
        if self._pid == os.getpid():
            return
        with self._lock:
            if self._pid != os.getpid():
                self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="jobs")
                self._stopped = threading.Event()
                self._pid = os.getpid()
                threading.Thread(target=self._sweep_for_ever, name="sweep", daemon=True).start()

    def stop(self) -> None:
        """Finish what was handed over, and end."""
        with self._lock:
            if self._pid == os.getpid():
                self._stopped.set()
                self._executor.shutdown()
                self._pid = 0

    def submit(self, work: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        """Do `work(*arguments)` after what was handed over before."""
        self.start()
        return self._executor.submit(work, *arguments)

    def submit_later(self, seconds: float, work: Callable[..., Any], *arguments: Any) -> None:
        """Do `work(*arguments)` in `seconds`, if the process lives that long."""
        timer = threading.Timer(seconds, self.submit, (work, *arguments))
        timer.daemon = True
        timer.start()

    def _sweep_for_ever(self) -> None:
        executor, stopped = self._executor, self._stopped
        while not stopped.is_set():
            try:
                # One by one, so that jobs come in between and the process need not wait long.
                for step in executor.submit(self.sweep.steps).result():
                    executor.submit(step).result()
            except RuntimeError:
                return  # the process ends, and its executor takes nothing more
            stopped.wait(SWEEP_EVERY)
