"""An application that sends error emails, with views that raise exceptions."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, request

from app.error_reporting.handler import ErrorEmailHandler, remove_handlers
from app.extensions import csrf
from tests.support.app_factory import make_app
from tests.support.mailbox import Mailbox, ReceivedEmail
from tests.support.waiting import wait_until

ADMIN = "admin@example.com"
ACCEPT_TIMEOUT = 30  # seconds
EXCEPTIONS = [type(f"Fault{number}", (Exception,), {}) for number in range(300)]


@contextmanager
def faulty_site(**settings: Any) -> Iterator[Flask]:
    """Yield an application that sends error emails until the end of the block."""
    app = make_app(ERROR_EMAILS=True, PROPAGATE_EXCEPTIONS=False, **settings)
    add_faults(app)
    try:
        yield app
    finally:
        remove_handlers()


def add_faults(app: Flask) -> None:
    """Add `/fault/3`, which raises Fault3, and `/echo`, which raises everything it receives."""
    app.add_url_rule("/fault/<int:number>", "fault", fault)
    app.add_url_rule("/echo", "echo", csrf.exempt(echo), methods=["POST"])


def fault(number: int) -> str:
    """Raise one of 300 exception types."""
    raise EXCEPTIONS[number](f"number {number}")


def echo() -> str:
    """Raise an error that contains the whole request."""
    raise ValueError(dict(request.form), dict(request.cookies), dict(request.headers), request.url)


@contextmanager
def silent_server() -> Iterator[socket.socket]:
    """Yield a server that accepts connections and sends nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(ACCEPT_TIMEOUT)
        yield server


def is_connected(connection: socket.socket) -> bool:
    """Return True if the peer, which sends nothing, has not closed the connection."""
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True


def admin_emails(mailbox: Mailbox, count: int = 1) -> list[ReceivedEmail]:
    """Return the emails to the administrator, once there are at least `count`."""
    wait_until(lambda: len(mailbox.to(ADMIN)) >= count, f"{count} emails were expected")
    return mailbox.to(ADMIN)


def sends_error_emails() -> bool:
    """Return True if this process sends error emails."""
    handlers = logging.getLogger().handlers
    return any(isinstance(handler, ErrorEmailHandler) for handler in handlers)
