"""Counting attempts for all processes together: in Redis, as long as Redis answers.

While it does not, each process counts for itself and asks again now and then. Delete this file
when you run one process alone, and set RATELIMIT_STORAGE_URI to `memory://`.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

from limits.storage import MemoryStorage, RedisStorage, Storage
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from .outages import Outage

KEY_PREFIX = "flasky:attempts"  # several applications may share one Redis
PATIENCE = 0.5  # seconds that a request waits for a connection, and again for an answer
ASK_AGAIN_AFTER = 5  # seconds; meanwhile no request waits for a Redis that is away

Answer = TypeVar("Answer")
logger = logging.getLogger(__name__)


class SharedAttempts(Storage):
    """Where Flask-Limiter counts, for URLs such as `shared+redis://localhost:6379/0`.

    Flask-Limiter can fall back to memory by itself. But then the requests that wait for Redis
    while another one notices that it is away fail, and a Redis that answers and cannot write is
    found well, and then away, at every request.
    """

    STORAGE_SCHEME = ["shared+redis", "shared+rediss", "shared+unix"]  # noqa: RUF012 - as in Storage

    def __init__(
        self, uri: str, ask_again_after: float = ASK_AGAIN_AFTER, **_options: float | str | bool
    ) -> None:
        super().__init__(uri)
        self._redis = RedisStorage(
            uri.removeprefix("shared+"),
            key_prefix=KEY_PREFIX,
            socket_connect_timeout=PATIENCE,
            socket_timeout=PATIENCE,
            # By itself it would try ten times, and pause in between.
            retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]  # it takes what Redis takes
        )
        self._memory = MemoryStorage()
        self._outage = Outage(ask_again_after)

    @property
    def base_exceptions(self) -> type[Exception]:
        """What asking can raise."""
        return RedisError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` attempts; return how many there are until `expiry` seconds are over."""
        return self._ask(lambda counts: counts.incr(key, expiry, amount))

    def get(self, key: str) -> int:
        """Return how many attempts there were."""
        return self._ask(lambda counts: counts.get(key))

    def get_expiry(self, key: str) -> float:
        """Return when the counting begins anew, in seconds since 1970."""
        return self._ask(lambda counts: counts.get_expiry(key))

    def clear(self, key: str) -> None:
        """Forget the attempts of `key`."""
        self._memory.clear(key)
        self._ask(lambda counts: counts.clear(key))

    def reset(self) -> int | None:
        """Forget all attempts."""
        self._memory.reset()
        return self._ask(lambda counts: counts.reset())

    def check(self) -> bool:
        """Tell that attempts can be counted: somewhere, they always can."""
        return True

    def _ask(self, question: Callable[[Storage], Answer]) -> Answer:
        if self._outage.forbids():
            return question(self._memory)
        try:
            answer = question(self._redis)
        except RedisError as error:
            if self._outage.begin():
                logger.warning(
                    "Redis does not count attempts (%s): until it does, each process counts for "
                    "itself. Look at REDIS_URL and at Redis.",
                    error,
                )
            return question(self._memory)
        if self._outage.end():
            logger.warning("Redis counts attempts again.")
        return answer
