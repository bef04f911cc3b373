"""Run jobs in threads: of the web processes, or of `flask worker`."""

import atexit
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable

from flask import Flask
from sqlalchemy import ColumnElement, or_, update
from sqlalchemy.exc import SQLAlchemyError

from ..circuit_breaker import CircuitBreaker
from ..database.errors import classify, summary
from ..extensions import db
from ..models import Job, utcnow
from . import execution
from .queue import LEASE, Claim, claim, enqueue_periodic_jobs
from .registry import RegisteredJob, registered_jobs

RENEW_INTERVAL = LEASE.total_seconds() / 3
SHUTDOWN_TIMEOUT = 20.0  # seconds for running jobs; process managers kill after 30


class Runner:
    """Runs the jobs of an application, in threads of this process."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.circuit = CircuitBreaker(0)
        self._lock = threading.Lock()
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self.name = f"{socket.gethostname()[:50]}:{self._pid}:{secrets.token_hex(4)}"
        self._threads: list[threading.Thread] = []
        self._running: set[int] = set()
        self._stopping, self._wake = threading.Event(), threading.Event()

    def start(self, threads: int, poll_interval: float) -> None:
        """Start the threads, unless this process has; a forked process starts its own.

        Args:
            threads: how many jobs run at the same time.
            poll_interval: seconds until a job that another process has enqueued is noticed.
        """
        with self._lock:
            if self._pid != os.getpid():
                self._reset()
            if not self._threads:
                atexit.register(self.stop)
            targets = [self._keep_leases, *[lambda: self._work(poll_interval)] * threads]
            for target in targets[len(self._threads) :]:
                name = f"jobs-{len(self._threads)}"
                thread = threading.Thread(target=target, name=name, daemon=True)
                thread.start()
                self._threads.append(thread)

    def stop(self) -> None:
        """Finish the running jobs, for up to SHUTDOWN_TIMEOUT, and end the threads."""
        if self._pid == os.getpid():
            self._stopping.set()
            self._wake.set()
            deadline = time.monotonic() + SHUTDOWN_TIMEOUT
            for thread in self._threads:
                thread.join(max(0.0, deadline - time.monotonic()))
        atexit.unregister(self.stop)
        self._reset()

    def wake(self) -> None:
        """Look for jobs now: this process has enqueued some."""
        self._wake.set()

    def run_due(self) -> None:
        """Run jobs in this thread until none is due."""
        while self._run_next():
            pass

    def run_now(self, condition: ColumnElement[bool]) -> bool:
        """Run the job that meets `condition` in this thread, due or not; return True on success.

        A job that is running already, is not ready or belongs to another release is not run.
        """
        with self.app.app_context():
            ready = {job.name: job for job in registered_jobs() if job.is_ready()}
            is_free = or_(Job.claimed_by.is_(None), Job.run_at <= utcnow())
            claimed = claim(self.name, condition, Job.name.in_(ready), is_free)
            if claimed is None:
                return False
            self.start(threads=0, poll_interval=0)  # renews the lease
            return self._run(ready[claimed.name], claimed)

    def _has_workers(self) -> bool:
        return len(self._threads) > 1

    def _work(self, poll_interval: float) -> None:
        stopping, wake = self._stopping, self._wake
        while True:
            wake.clear()
            if stopping.is_set():
                wake.set()  # it may have been for another thread
                return
            if not self._survive(self._run_next):
                wake.wait(poll_interval)

    def _run_next(self) -> bool:
        """Run the most urgent job that is due; return False if there is none."""
        with self.app.app_context():
            for job in registered_jobs():
                is_due = (Job.name == job.name, Job.run_at <= utcnow())
                claimed = claim(self.name, *is_due) if job.is_ready() else None
                if claimed is None:
                    continue
                if claimed.attempts <= job.max_attempts:
                    self._run(job, claimed)
                else:
                    killed = RuntimeError("The processes that ran this job were killed.")
                    execution.record_failure(job, claimed, killed)
                return True
        return False

    def _run(self, job: RegisteredJob, claimed: Claim) -> bool:
        self._running.add(claimed.id)
        try:
            return execution.run(job, claimed)
        finally:
            self._running.discard(claimed.id)

    def _keep_leases(self) -> None:
        stopping = self._stopping
        while not stopping.is_set():
            self._survive(self._renew_leases)
            stopping.wait(RENEW_INTERVAL)

    def _renew_leases(self) -> None:
        with self.app.app_context():
            running = list(self._running)
            if running:
                mine = update(Job).where(Job.id.in_(running), Job.claimed_by == self.name)
                db.session.execute(mine.values(run_at=utcnow() + LEASE))
            if self._has_workers():
                enqueue_periodic_jobs()
            db.session.commit()

    def _survive(self, function: Callable[[], bool | None]) -> bool | None:
        """Call `function`; log an error instead of raising it, and an outage only once."""
        try:
            result = function()
        except SQLAlchemyError as error:
            if self.circuit.record_failure():
                kind = classify(error)
                values = (summary(error), kind.hint if kind else "See the database's log.")
                self.app.logger.warning("Jobs are delayed: %s. %s", *values)
        except Exception:
            self.app.logger.exception("Looking for jobs failed.")
        else:
            if self.circuit.record_success():
                self.app.logger.warning("Jobs are running again.")
            return result
        return None
