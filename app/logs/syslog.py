"""A log handler for syslog that never blocks: while syslog is unavailable, it uses a fallback."""

import errno
import logging
import os
import socket
import time
from contextlib import suppress
from logging.handlers import SysLogHandler
from typing import Any, cast

SEND_TIMEOUT = 0.2  # seconds


class SyslogHandler(SysLogHandler):
    """Sends log records to syslog as datagrams, over a Unix socket or by UDP to `host:port`.

    While syslog is unavailable, records go to `fallback`, which gets one warning when that starts
    and one when it ends. The base class prints a traceback for every record, blocks if syslog
    stops reading, and looks up the host for every record.
    """

    retry_interval = 5.0  # seconds until an unavailable syslog is tried again

    def __init__(self, target: str, fallback: logging.Handler) -> None:
        self.target = target
        self.fallback = fallback
        self.retry_at = 0.0  # not 0 while syslog is unavailable
        with suppress(OSError):  # the first record reports it
            super().__init__(target)

    def createSocket(self) -> None:  # noqa: N802 - overrides SysLogHandler
        """Look up the host, and create a socket; raise OSError if that fails."""
        family, address = socket.AF_UNIX, cast("Any", self.target)
        if not self.target.startswith("/"):
            host, _, port = self.target.rpartition(":")
            try:
                found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_DGRAM)
            except UnicodeError as error:  # such as two dots in a row
                raise OSError(f"{host!r} is not a valid host name") from error
            family, _type, _protocol, _name, address = found[0]
        self.address = address
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.settimeout(SEND_TIMEOUT)

    def emit(self, record: logging.LogRecord) -> None:
        """Send `record` to syslog, or to the fallback."""
        if self.retry_at and time.monotonic() < self.retry_at:
            self.fallback.handle(record)
            return
        priority = self.encodePriority(self.facility, self.mapPriority(record.levelname))
        try:
            self.send(f"<{priority}>flasky[{os.getpid()}]: {self.format(record)}".encode())
        except OSError as error:
            if error.errno != errno.EMSGSIZE:  # the record is too long for a datagram
                if not self.retry_at:
                    self.warn(f"is unavailable ({error}); logging here instead")
                self.retry_at = time.monotonic() + self.retry_interval
            self.fallback.handle(record)
        else:
            if self.retry_at:
                self.warn("is available again")
            self.retry_at = 0.0

    def send(self, packet: bytes) -> None:
        """Send a datagram; raise OSError if that fails or takes longer than SEND_TIMEOUT."""
        if self.socket is None:
            self.createSocket()  # type: ignore[unreachable]  # typeshed does not know of None
        self.socket.connect(self.address)  # each time: syslog may have been restarted
        self.socket.send(packet)
        # A closed UDP port on this machine is reported at once, but only as a pending error.
        error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, os.strerror(error))

    def warn(self, message: str) -> None:
        """Send a warning to the fallback."""
        record = logging.LogRecord(__name__, logging.WARNING, __file__, 0, "", None, None)
        record.msg = f"Syslog at {self.target} {message}."
        self.fallback.handle(record)
