"""What is sent to a listener, and when."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from app.live.listeners import HEARTBEAT, Listener


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run it in another thread: Playwright leaves an event loop running in this one."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, coroutine).result()


async def messages(listener: Listener, seconds: int) -> list[bytes | None]:
    """Return what is sent within some seconds of the listener's clock."""
    sent = []
    for second in range(seconds):
        listener.wake(second)
        try:
            async with asyncio.timeout(0):
                sent.append(await listener.next_message())
        except TimeoutError:
            continue
    return sent


def test_state_is_sent_first_and_then_if_it_has_changed() -> None:
    async def check() -> None:
        listener = Listener()
        listener.start(1, 2, "all", 3)
        assert await messages(listener, 1) == [b'data: {"posts": 0, "unread": 3}\n\n']

        listener.posts |= {7, 8}
        listener.unread = 1
        assert await messages(listener, 1) == [b'data: {"posts": 2, "unread": 1}\n\n']
        listener.is_closed = True
        assert await messages(listener, 1) == [None]

    run(check())


def test_comments_keep_an_idle_connection() -> None:
    async def check() -> None:
        listener = Listener()
        await messages(listener, 1)

        assert await messages(listener, 3 * HEARTBEAT) == [b":\n\n"] * 3

    run(check())
