"""A site with pages that break, and what its error mails are tested with."""

import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, request

from app import error_mail
from app.extensions import csrf

from .mailbox import Mailbox, Received
from .settings import make_app

ADMIN = "admin@example.com"
PATIENCE = 30  # seconds that a test waits for a mail, however busy the machine is
KINDS = [type(f"Fault{number}", (Exception,), {}) for number in range(300)]


@contextmanager
def faulty_site(**settings: Any) -> Iterator[Flask]:
    """Give a site that mails its errors, until the end of the block."""
    app = make_app(ERROR_MAIL=True, PROPAGATE_EXCEPTIONS=False, **settings)
    add_faults(app)
    try:
        yield app
    finally:
        error_mail.switch_off()


def add_faults(app: Flask) -> None:
    """Add `/fault/3`, which raises Fault3, and `/say`, which raises what a form tells it to."""
    app.add_url_rule("/fault/<int:number>", "fault", fault)
    app.add_url_rule("/say", "say", csrf.exempt(say), methods=["POST"])


def fault(number: int) -> str:
    """Raise one of many kinds of errors."""
    raise KINDS[number](f"number {number}")


def say() -> str:
    """Raise an error that repeats everything that was sent."""
    everything = [dict(request.form), dict(request.cookies), dict(request.headers), request.url]
    raise ValueError(*everything)


@contextmanager
def black_hole() -> Iterator[socket.socket]:
    """Give a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        yield server


def is_open(connection: socket.socket) -> bool:
    """Tell whether the other side of `connection`, which has nothing to read, is still there."""
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True


def wait_until(is_done: Callable[[], object], what: str) -> None:
    """Return once `is_done` is true; fail if that takes too long."""
    give_up = time.monotonic() + PATIENCE
    while not is_done():
        assert time.monotonic() < give_up, f"In {PATIENCE} s it did not happen that {what}"
        time.sleep(0.01)


def mails(mailbox: Mailbox, number: int = 1) -> list[Received]:
    """Return the mails to the administrator, once there are `number`."""
    wait_until(lambda: len(mailbox.to(ADMIN)) >= number, f"{number} mails came")
    return mailbox.to(ADMIN)


def is_mailing() -> bool:
    """Tell whether the log of this process has a way to the mail server."""
    handlers = logging.getLogger().handlers
    return any(isinstance(handler, error_mail.ErrorQueue) for handler in handlers)
