"""Whether the site can do its work: the database, its tables, the queue."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf

from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Engine, inspect, text

from . import jobs
from .extensions import db
from .questions import Answer, Question, bound_statements, engine_for
from .redaction import redact, secrets_of

SECONDS = 2.0  # that each check may take; a load balancer waits for about as long
FRESH = 1.0  # seconds for which nothing is asked again
OLD = 5.0  # seconds after which a probe rather waits than repeats what was so


log = logging.getLogger(__name__)


class NotReady(Exception):
    """What is wrong, and what to do about it."""


@dataclass(frozen=True)
class Check:
    """Something that the site needs. `ask` raises, or returns a remark; `advice` is what to do."""

    name: str
    ask: Callable[[], str]
    advice: str


@dataclass(frozen=True)
class Finding:
    """What a check has found."""

    name: str
    ok: bool
    seconds: float
    detail: str


class Readiness:
    """Runs checks side by side, at most once a second, however many ask."""

    def __init__(
        self,
        checks: list[Check],
        seconds: float = SECONDS,
        secrets: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.checks = [(check, Question(check.ask, seconds)) for check in checks]
        self.secrets = secrets
        self.clock = clock
        self._lock = threading.Lock()
        self._found: list[Finding] = []
        self._at = -inf

    def findings(self) -> list[Finding]:
        """Return what the checks have found just now.

        While one probe asks, the others take what was found before, if that is not old: a
        database that hangs then holds up one thread of the process, and not all of them.
        """
        if self._age() >= FRESH and self._lock.acquire(blocking=self._age() > OLD):
            try:
                if self._age() >= FRESH:
                    found = self._ask()
                    self._tell_changes(found)
                    self._found, self._at = found, self.clock()
            finally:
                self._lock.release()
        return self._found

    def _age(self) -> float:
        return self.clock() - self._at

    def _ask(self) -> list[Finding]:
        begun = [(check, question.begin()) for check, question in self.checks]
        return [self._finding(check, asking.answer()) for check, asking in begun]

    def _tell_changes(self, found: list[Finding]) -> None:
        """Log what went wrong, or well again: once, and not for every probe."""
        wrong = {finding.name for finding in self._found if not finding.ok}
        for finding in found:
            if not finding.ok and finding.name not in wrong:
                log.warning("Not ready: %s: %s", finding.name, finding.detail)
            elif finding.ok and finding.name in wrong:
                log.warning("Ready again: %s.", finding.name)

    def _finding(self, check: Check, answer: Answer[str]) -> Finding:
        if answer.error is None:
            return Finding(check.name, True, answer.seconds, answer.value or "")
        if isinstance(answer.error, NotReady):
            detail = str(answer.error)
        else:
            detail = f"{_first_line(answer.error)}. {check.advice}"
        return Finding(check.name, False, answer.seconds, redact(detail, self.secrets))


def readiness_of(app: Flask) -> Readiness:
    """Return the checks of `app`. Nothing is connected before the first probe."""
    with app.app_context():
        engine = engine_for(db.engine.url, SECONDS)
    checks = [
        Check(
            "database",
            partial(ask_database, engine),
            "Is the database running, and does its URL lead there?",
        ),
        Check(
            "migrations",
            partial(ask_migrations, engine, Scripts(app)),
            "See the check of the database; if that is well: run flask deploy.",
        ),
    ]
    if app.config["QUEUE_URL"]:
        advice = "Does the queue run, and does QUEUE_URL lead there? Letters wait in the outbox."
        checks.append(Check("queue", partial(ask_queue, app), advice))
    return Readiness(checks, secrets=secrets_of(app.config))


def ask_database(engine: Engine) -> str:
    """Ask the database anything."""
    with engine.connect() as connection:
        bound_statements(connection, SECONDS)
        connection.execute(text("SELECT 1"))
    return engine.dialect.name


class Scripts:
    """The migrations of this release. They are read once: a release does not change."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._lock = threading.Lock()
        self._known: tuple[set[str], set[str]] | None = None

    def known(self) -> tuple[set[str], set[str]]:
        """Return all revisions, and those among them that are the newest."""
        with self._lock:
            if self._known is None:
                self._known = self._read()
            return self._known

    def _read(self) -> tuple[set[str], set[str]]:
        migrate = self.app.extensions["migrate"]
        with self.app.app_context():
            scripts = ScriptDirectory.from_config(migrate.migrate.get_config(migrate.directory))
        return {script.revision for script in scripts.walk_revisions()}, set(scripts.get_heads())


def ask_migrations(engine: Engine, scripts: Scripts) -> str:
    """Ask the database which migrations it has had; raise NotReady if some are missing."""
    revisions, heads = scripts.known()
    with engine.connect() as connection:
        bound_statements(connection, SECONDS)
        has_table = inspect(connection).has_table("alembic_version")
        query = text("SELECT version_num FROM alembic_version")
        current = set(connection.scalars(query)) if has_table else set()
    at = ", ".join(sorted(current)) or "nothing"
    if current - revisions:
        return (
            f"The database is ahead of this release: it is at {at}, which this release does not "
            "know. That is as it should be after a rollback."
        )
    if current != heads:
        needed = ", ".join(sorted(heads))
        raise NotReady(
            f"The database is behind: it is at {at}, and this release needs {needed}. "
            "Run flask deploy."
        )
    return at


def ask_queue(app: Flask) -> str:
    """Ask the queue anything. The Redis that counts attempts is no condition for working."""
    with app.app_context():
        jobs.ping(SECONDS)
    return str(app.config["QUEUE_URL"]).partition(":")[0]


def _first_line(error: Exception) -> str:
    """Return what went wrong, without SQLAlchemy's statement and link."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0].rstrip('.')}" if lines else type(error).__name__
