"""The way to syslog, which may be away for a while without anybody waiting for it."""

import errno
import logging
import os
import socket
import time
from contextlib import suppress

PATIENCE = 0.2  # seconds that a line waits for a syslog that is busy
FACILITY_USER = 1
SEVERITIES = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}


class SyslogHandler(logging.Handler):
    """Sends lines to syslog, by a socket in the file system or as datagrams to `host:port`.

    While syslog is away, the lines go to `instead`, which is told once when that begins and once
    when it ends. The handler of the standard library would write a traceback for every line, and
    wait for ever for a syslog that has stopped reading.
    """

    pause = 5.0  # seconds in which a syslog that was away is not tried again

    def __init__(self, target: str, instead: logging.Handler) -> None:
        super().__init__()
        self.target = target
        self.instead = instead
        self.socket: socket.socket | None = None
        self.try_again = 0.0
        self.is_away = False
        try:
            self.socket = _connect(target)
        except OSError as error:
            self._leave(error)

    def emit(self, record: logging.LogRecord) -> None:
        """Send the line of `record`, or have it written elsewhere."""
        if time.monotonic() < self.try_again:
            self.instead.handle(record)
            return
        try:
            self._send(self._packet(record))
        except OSError as error:
            if error.errno != errno.EMSGSIZE:  # else the line is too long for a datagram
                self._leave(error)
            self.instead.handle(record)
        else:
            self._come_back()

    def close(self) -> None:
        """Close the socket."""
        self.acquire()
        try:
            self._hang_up()
            super().close()
        finally:
            self.release()

    def _packet(self, record: logging.LogRecord) -> bytes:
        priority = FACILITY_USER << 3 | SEVERITIES.get(record.levelname, SEVERITIES["WARNING"])
        return f"<{priority}>flasky[{os.getpid()}]: {self.format(record)}".encode(
            errors="backslashreplace"
        )

    def _send(self, packet: bytes) -> None:
        if self.socket is not None:
            with suppress(ConnectionError, FileNotFoundError):  # syslog was restarted meanwhile
                _write(self.socket, packet)
                return
        self._hang_up()
        self.socket = _connect(self.target)
        _write(self.socket, packet)

    def _leave(self, error: OSError) -> None:
        self.try_again = time.monotonic() + self.pause
        self._hang_up()
        if not self.is_away:
            self.is_away = True
            self._tell(f"Syslog does not answer at {self.target} ({error}); the log goes here.")

    def _come_back(self) -> None:
        if self.is_away:
            self.is_away = False
            self._tell(f"Syslog answers at {self.target} again; the log goes there.")

    def _tell(self, message: str) -> None:
        fields = {"name": __name__, "levelno": logging.WARNING, "levelname": "WARNING"}
        self.instead.handle(logging.makeLogRecord({**fields, "msg": message}))

    def _hang_up(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def _connect(target: str) -> socket.socket:
    """Return a socket that is connected to `target`; raise OSError if there is none."""
    if target.startswith("/"):
        return _open(socket.AF_UNIX, target)
    host, _, port = target.rpartition(":")
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_DGRAM)
    except UnicodeError as error:  # such as two dots in a row
        raise OSError(f"{host!r} is not the name of a host") from error
    family, _kind, _protocol, _name, address = found[0]
    return _open(family, address)


def _write(opened: socket.socket, packet: bytes) -> None:
    opened.send(packet)
    # A datagram to a port of this machine that nobody listens to is known to be lost at once.
    lost = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if lost:
        raise OSError(lost, os.strerror(lost))


def _open(family: int, address: object) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.settimeout(PATIENCE)
    try:
        opened.connect(address)  # type: ignore[arg-type]  # its kind depends on the family
    except OSError:
        opened.close()
        raise
    return opened
