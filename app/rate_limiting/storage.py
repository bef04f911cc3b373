"""Count rate limit hits in Redis, shared by all processes, or in memory while Redis is down.

docs/decisions/rate-limits.md explains why this is not Flask-Limiter's own fallback. Delete this
module if you run one process only, and set RATELIMIT_STORAGE_URI to `memory://`.
"""

import logging
import socket
import time
from collections.abc import Callable
from typing import Any, TypeVar

from limits.storage import RedisStorage, Storage
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from ..circuit_breaker import CircuitBreaker
from .memory import MemoryStorage

KEY_PREFIX = "flasky:ratelimit"  # several applications can share one Redis
REDIS_TIMEOUT = 0.5  # seconds, for connecting and for each whole reply
RETRY_INTERVAL = 5  # seconds in which an unreachable Redis is not tried again

T = TypeVar("T")
logger = logging.getLogger(__name__)


class ReplyTimeout:
    """A socket whose timeout is for a whole reply, also if it arrives one byte at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sock, name)

    def sendall(self, data: bytes) -> None:
        self.sock.settimeout(REDIS_TIMEOUT)
        self.deadline = time.monotonic() + REDIS_TIMEOUT
        self.sock.sendall(data)

    def recv(self, size: int) -> bytes:
        if self.sock.gettimeout():  # 0 if redis-py checks whether there is unread data
            self.sock.settimeout(max(self.deadline - time.monotonic(), 0.001))
        return self.sock.recv(size)


def limit_replies(connection: Any) -> None:
    """Initialize a connection of redis-py."""
    connection._sock = ReplyTimeout(connection._sock)
    connection.on_connect()


class ResilientStorage(Storage):
    """A storage for Flask-Limiter, for URLs such as `shared+redis://localhost:6379/0`."""

    STORAGE_SCHEME = ["shared+redis", "shared+rediss", "shared+unix"]  # noqa: RUF012 - as in Storage
    base_exceptions = RedisError

    def __init__(self, uri: str, retry_interval: float = RETRY_INTERVAL) -> None:
        super().__init__(uri)
        self._redis = RedisStorage(
            uri.removeprefix("shared+"),
            key_prefix=KEY_PREFIX,
            socket_connect_timeout=REDIS_TIMEOUT,
            socket_timeout=REDIS_TIMEOUT,
            redis_connect_func=limit_replies,  # type: ignore[arg-type]  # it takes what Redis takes
            # The default retries ten times, with delays.
            retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]  # it takes what Redis takes
        )
        self._memory = MemoryStorage()
        self.circuit = CircuitBreaker(retry_interval)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self._call(lambda storage: storage.incr(key, expiry, amount))

    def get(self, key: str) -> int:
        return self._call(lambda storage: storage.get(key))

    def get_expiry(self, key: str) -> float:
        return self._call(lambda storage: storage.get_expiry(key))

    def clear(self, key: str) -> None:
        self._call(lambda storage: storage.clear(key))

    def reset(self) -> int | None:
        return self._call(lambda storage: storage.reset())

    def check(self) -> bool:
        return True  # hits can always be counted, at least in memory

    def _call(self, function: Callable[[Storage], T]) -> T:
        if not self.circuit.is_open():
            try:
                result = function(self._redis)
            except RedisError as error:
                if self.circuit.record_failure():
                    logger.warning(
                        "Redis is unavailable (%s): each process counts rate limit hits by "
                        "itself. Check REDIS_URL and Redis.",
                        error,
                    )
            else:
                if self.circuit.record_success():
                    logger.warning("Redis is available again: rate limits are shared.")
                return result
        return function(self._memory)
