"""Looks for new posts and notifications, for all listeners at once."""

import time
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from ..circuit_breaker import CircuitBreaker
from ..database.errors import classify, summary
from ..extensions import db
from ..models import live, utcnow
from .listeners import Listener

# Rows become visible at their commit, and not in the order of their time, and the clocks of
# machines differ. So each poll looks at those of the last minute again.
WINDOW = timedelta(minutes=1)
CHECK_INTERVAL = 15  # seconds after which a stream ends whose login session has


class Poller:
    """Changes `listeners`. It runs in one thread at a time, and never raises."""

    def __init__(self, app: Flask, listeners: Collection[Listener]) -> None:
        self.app, self.listeners = app, listeners
        self.circuit = CircuitBreaker(0)
        self.since = utcnow() - WINDOW
        self.seen: tuple[set[Any], set[Any]] | None = None  # the rows of the last poll
        self.checked = 0.0

    def poll(self) -> None:
        """Poll once; log an error instead of raising it, and an outage only once."""
        try:
            with self.app.app_context():
                self._poll()
        except SQLAlchemyError as error:
            if self.circuit.record_failure():
                kind = classify(error)
                values = (summary(error), kind.hint if kind else "See the database's log.")
                self.app.logger.warning("Live updates pause: %s. %s", *values)
        except Exception:
            self.app.logger.exception("Looking for live updates failed.")
        else:
            if self.circuit.record_success():
                self.app.logger.warning("Live updates continue.")

    def _poll(self) -> None:
        started, clock = utcnow(), time.monotonic()
        posts = db.session.execute(live.posts_since(self.since)).all()
        notified = db.session.execute(live.notifications_since(self.since)).all()
        # Afterwards: who starts to listen later finds these rows, too.
        listeners = [one for one in tuple(self.listeners) if one.user_id is not None]
        is_check = clock - self.checked >= CHECK_INTERVAL
        if self.seen is not None:
            authors = {post_id: author for post_id, author, _ in set(posts) - self.seen[0]}
            users = {user_id for _, user_id, _ in set(notified) - self.seen[1]}
            if authors and listeners:
                _add_posts(authors, listeners)
            due = [one for one in listeners if is_check or one.user_id in users]
            if due:
                _refresh(due)
        self.seen = set(posts), set(notified)
        self.since = started - WINDOW
        self.checked = clock if is_check else self.checked


def _add_posts(authors: dict[int, int], listeners: list[Listener]) -> None:
    """Add posts, `{id: author_id}`, to the listeners whose feeds will show them."""
    user_ids = {one.user_id for one in listeners if one.user_id is not None}
    ids = user_ids, set(authors.values())
    hidden = set(db.session.execute(live.hidden_pairs(*ids)))
    followed = set(db.session.execute(live.followed_pairs(*ids)))
    for listener in listeners:
        for post_id, author_id in authors.items():
            pair = (listener.user_id, author_id)
            is_shown = listener.feed == "all" or (listener.feed == "followed" and pair in followed)
            if is_shown and pair not in hidden and len(listener.posts) <= live.MAX_NEW:
                listener.posts.add(post_id)


def _refresh(listeners: list[Listener]) -> None:
    """Count the unread notifications of these listeners; close those that are logged out."""
    ids = {one.session_id for one in listeners}
    unread: dict[int, int] = dict(db.session.execute(live.unread_counts(ids)).all())
    for listener in listeners:
        listener.unread = unread.get(listener.session_id, 0)
        listener.is_closed = listener.is_closed or listener.session_id not in unread
