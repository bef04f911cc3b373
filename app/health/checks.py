"""Readiness checks: the database and its migrations."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import inf

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from ..database.errors import summary
from ..database.postgresql import encoding_problem
from ..database.timeouts import QUERY_ERRORS, unpooled_engine
from ..extensions import db
from ..logs.redaction import redact, secrets_in
from ..single_flight import SingleFlight

TIMEOUT = 2.0  # seconds, about as long as a load balancer waits
CACHE_TTL = 1.0  # seconds for which results are reused
MAX_AGE = 5.0  # seconds for which results may be returned while newer ones are computed
ADVICE = "Check that the database is running and DATABASE_URL is correct."

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CheckResult:
    """The result of a check, as /readyz shows it."""

    ok: bool
    detail: str


class Readiness:
    """Runs the checks of `app`, at most once per second however many requests ask."""

    def __init__(
        self, app: Flask, timeout: float = TIMEOUT, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.app = app
        self.clock = clock
        with app.app_context():
            self.engine = unpooled_engine(db.engine.url, timeout)
        self._state = SingleFlight(self._query, timeout)
        self._lock = threading.Lock()
        self._results: dict[str, CheckResult] = {}
        self._updated = -inf

    def results(self) -> dict[str, CheckResult]:
        """Return the results by the names of the checks.

        While one thread runs the checks, others get the previous results if these are recent, so
        that a hanging database blocks only one thread of the process.
        """
        if self._age() >= CACHE_TTL and self._lock.acquire(blocking=self._age() > MAX_AGE):
            try:
                if self._age() >= CACHE_TTL:
                    results = self.run()
                    self._log_changes(results)
                    self._results, self._updated = results, self.clock()
            finally:
                self._lock.release()
        return self._results

    def _age(self) -> float:
        return self.clock() - self._updated

    def _log_changes(self, results: dict[str, CheckResult]) -> None:
        """Log checks that fail for the first time, or pass again."""
        for name, result in results.items():
            was_ok = name not in self._results or self._results[name].ok
            if was_ok and not result.ok:
                log.warning("Readiness check failed: %s: %s", name, result.detail)
            elif result.ok and not was_ok:
                log.warning("Readiness check passed again: %s.", name)

    def run(self) -> dict[str, CheckResult]:
        """Run the checks. To add one, add its result here."""
        try:
            current, problem = self._state.result()
        except QUERY_ERRORS as error:
            detail = redact(f"{summary(error).rstrip('.')}. {ADVICE}", secrets_in(self.app.config))
            return dict.fromkeys(("database", "migrations"), CheckResult(False, detail))
        database = CheckResult(problem is None, problem or self.engine.dialect.name)
        return {"database": database, "migrations": self._check_migrations(current)}

    def _query(self) -> tuple[set[str], str | None]:
        """Return the revisions of the database and what is wrong with its encoding, if anything.

        No connection stays open.
        """
        with self.engine.connect() as connection:
            problem = encoding_problem(connection)
            return set(MigrationContext.configure(connection).get_current_heads()), problem

    def _check_migrations(self, current: set[str]) -> CheckResult:
        """Compare the revisions of the database with those of this release.

        A database that is ahead passes, because the previous release must run after a rollback.
        """
        revisions = {script.revision for script in self._scripts.walk_revisions()}
        heads = set(self._scripts.get_heads())
        at = ", ".join(sorted(current)) or "no revision"
        if current - revisions:
            unknown = "which this release does not know (after a rollback)"
            return CheckResult(True, f"database is ahead: at {at}, {unknown}")
        if current != heads:
            needs = f"needs {', '.join(sorted(heads))}; run `flask deploy`"
            return CheckResult(False, f"database is behind: at {at}, {needs}")
        return CheckResult(True, at)

    @cached_property
    def _scripts(self) -> ScriptDirectory:
        migrate = self.app.extensions["migrate"]
        with self.app.app_context():
            return ScriptDirectory.from_config(migrate.migrate.get_config(migrate.directory))
