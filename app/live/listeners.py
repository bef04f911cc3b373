"""A page that is open in a browser, and what it has been sent."""

import asyncio
import json
from random import randrange

HEARTBEAT = 20  # seconds; proxies close connections that are idle for longer, such as 55 seconds


class Listener:
    """An open connection. It holds what is true now and not a queue, so its size is bounded."""

    __slots__ = (
        *("feed", "is_closed", "posts", "sent", "session_id", "unread", "user_id"),
        *("_beat", "_wake"),
    )

    def __init__(self) -> None:
        self.user_id: int | None = None  # until the request is authenticated
        self.session_id = self.unread = 0
        self.feed: str | None = None
        self.posts: set[int] = set()
        self.sent: tuple[int, int] | None = None
        self.is_closed = False
        self._beat = randrange(HEARTBEAT)  # noqa: S311 - so that not all are sent at once
        self._wake = asyncio.Event()

    def start(self, user_id: int, session_id: int, feed: str | None, unread: int) -> None:
        """Let the poller tell this listener of posts; a view calls this, in another thread."""
        self.feed, self.session_id, self.unread = feed, session_id, unread
        self.user_id = user_id

    def wake(self, second: int | None = None) -> None:
        """Wake the connection if the state has changed, or in the second of its heartbeat."""
        is_beat = second is not None and second % HEARTBEAT == self._beat
        if is_beat or self.is_closed or self._state() != self.sent:
            self._wake.set()

    async def next_message(self) -> bytes | None:
        """Return what to send: the state, at first or if it has changed, or a comment; None: end.

        Browsers ignore comments, which keep the connection open.
        """
        if self.sent is not None:
            await self._wake.wait()
        self._wake.clear()
        if self.is_closed:
            return None
        state = self._state()
        if state == self.sent:
            return b":\n\n"
        self.sent = state
        posts, unread = state
        return f"data: {json.dumps({'posts': posts, 'unread': unread})}\n\n".encode()

    def _state(self) -> tuple[int, int]:
        return len(self.posts), self.unread
