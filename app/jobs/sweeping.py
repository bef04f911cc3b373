"""The sweep: every few seconds, what was left behind is found and done.

It makes good for whatever the queue, a worker or a process lost, and for servers that were down.
"""

from collections.abc import Callable
from functools import partial

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from ..failures import one_line
from ..outages import Outage
from .letters import deliver_due, due_letters
from .retries import due_failures, retry_due

SWEEP_EVERY = 10.0  # seconds
Step = Callable[[], object]


class Sweep:
    """Looks for work that was left behind, for one process."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.outage = Outage(0)

    def steps(self) -> list[Step]:
        """Return what there is to do, in small pieces: each can be called in any thread."""
        with self.app.app_context():
            try:
                letters = [partial(self._do, deliver_due, number) for number in due_letters()]
                failures = [partial(self._do, retry_due, number) for number in due_failures()]
            except SQLAlchemyError as error:
                if self.outage.begin():
                    self.app.logger.warning("The outbox cannot be read: %s", one_line(error))
                return []
            except Exception:
                self.app.logger.exception("The sweep could not look for work.")
                return []
        if self.outage.end():
            self.app.logger.warning("The outbox can be read again.")
        return [*letters, *failures]

    def _do(self, work: Callable[[int], bool], number: int) -> None:
        with self.app.app_context():
            try:
                work(number)
            except Exception:
                self.app.logger.exception("The sweep could not %s(%s).", work.__name__, number)
