"""Send emails about unhandled errors to FLASKY_ADMIN.

The thread that logs an error formats the report, because it needs the request context, and queues
it. A background thread of the process sends it, so no request waits for the mail server. Each
process starts its thread with its first error, ends it before it forks, and throttles its emails
independently of other processes.
"""

import logging
import os
import smtplib
import threading
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime
from logging.handlers import SMTPHandler
from queue import Full, Queue

from flask import Flask
from flask_mail import sanitize_address

from ..logs.access_log import add_request_context
from ..mail.smtp import SMTPConnection
from .report import ErrorReport
from .throttle import Throttle

MAX_QUEUED = 100  # emails
SHUTDOWN_TIMEOUT = 3  # seconds for queued emails when the process ends
# 7-bit encoding and lines below the limit of RFC 5321, which every mail server accepts.
POLICY = SMTP.clone(cte_type="7bit", max_line_length=990)


def init_app(app: Flask) -> None:
    """Send error emails if ERROR_EMAILS, MAIL_SERVER and FLASKY_ADMIN are set.

    The handler is added to the root logger, so the latest application of a process wins.
    """
    remove_handlers()
    settings = app.config
    if settings["ERROR_EMAILS"] and settings["MAIL_SERVER"] and settings["FLASKY_ADMIN"]:
        logging.getLogger().addHandler(ErrorEmailHandler(app))


def remove_handlers() -> None:
    """Stop sending error emails; wait up to SHUTDOWN_TIMEOUT for those in the queue."""
    for handler in installed():
        logging.getLogger().removeHandler(handler)
        handler.close()


class ErrorEmailHandler(SMTPHandler):
    """Queues reports about errors, unless they are throttled; a thread sends them."""

    def __init__(self, app: Flask) -> None:
        settings = app.config
        super().__init__(
            mailhost=(settings["MAIL_SERVER"], settings["MAIL_PORT"]),
            fromaddr=sanitize_address(settings["FLASKY_MAIL_SENDER"]),
            toaddrs=[sanitize_address(settings["FLASKY_ADMIN"])],
            subject=settings["FLASKY_MAIL_SUBJECT_PREFIX"],
        )
        self.setLevel(logging.ERROR)
        self.addFilter(add_request_context)
        self.app = app
        self.report = ErrorReport(app)
        self.failed = 0  # emails since the last one that was sent
        self.pid: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a report about `record`, unless the same error was reported recently."""
        try:
            self.start_thread()
            if threading.current_thread() is self.thread:
                return  # errors of sending error emails would repeat for ever
            notes = self.throttle.admit(self.report.key(record))
            if notes is not None:
                text = "\n".join([*notes, "", self.report.format(record)]).lstrip()
                with suppress(Full):  # the log has the error
                    self.queue.put_nowait((self.report.subject(record), text))
        except Exception:  # noqa: BLE001 - logging must not raise
            self.handleError(record)

    def start_thread(self) -> None:
        """Start the thread of this process. A fork copies neither threads nor usable locks."""
        if self.pid == os.getpid():
            return
        settings = self.app.config
        self.queue: Queue[tuple[str, str] | None] = Queue(MAX_QUEUED)
        self.throttle = Throttle(
            settings["ERROR_EMAIL_INTERVAL"], settings["ERROR_EMAILS_PER_HOUR"]
        )
        self.thread = threading.Thread(target=self.send_queued, name="error-email", daemon=True)
        self.thread.start()
        self.pid = os.getpid()

    def stop_thread(self) -> None:
        """Wait up to SHUTDOWN_TIMEOUT for queued emails, and end the thread of this process."""
        if self.pid == os.getpid():
            with suppress(Full):
                self.queue.put_nowait(None)
            self.thread.join(SHUTDOWN_TIMEOUT)
            self.pid = None

    def close(self) -> None:
        """Wait up to SHUTDOWN_TIMEOUT for queued emails. `logging` calls this at exit."""
        self.stop_thread()
        super().close()

    def send_queued(self) -> None:
        """Send the emails of the queue until it contains None."""
        queue = self.queue
        while (email := queue.get()) is not None:
            try:
                self.send(*email)
                self.failed = 0
            except Exception as error:  # noqa: BLE001 - the thread must not end
                self.failed += 1
                if self.failed == 1:
                    self.app.logger.warning(
                        "Cannot send error emails, errors are only logged: %s:%s: %s: %s",
                        *(self.mailhost, self.mailport, type(error).__name__, error),
                    )
            queue.task_done()

    def send(self, subject: str, text: str) -> None:
        """Send an email. SMTPHandler.emit() neither verifies certificates nor supports SMTPS."""
        message = EmailMessage(POLICY)
        message["From"] = self.fromaddr
        message["To"] = self.toaddrs
        message["Subject"] = f"{self.subject} {subject}"
        message["Date"] = localtime()
        message["Auto-Submitted"] = "auto-generated"  # prevents out-of-office replies
        if self.failed:
            text = f"Previous emails that could not be sent: {self.failed}.\n{text}"
        message.set_content(text.encode(errors="backslashreplace").decode())
        with self.app.app_context(), SMTPConnection(self.app.extensions["mail"]) as connection:
            if isinstance(connection.host, smtplib.SMTP):  # None if MAIL_SUPPRESS_SEND is set
                connection.host.send_message(message)


def installed() -> list[ErrorEmailHandler]:
    """Return the handlers of this process."""
    return [x for x in logging.getLogger().handlers if isinstance(x, ErrorEmailHandler)]


def stop_threads() -> None:
    """End the threads of this process before it forks.

    A child would wait for ever for a lock that a thread of its parent holds at that moment, such
    as the lock of a module that is being imported. The next error starts a thread again.
    """
    for handler in installed():
        handler.stop_thread()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(before=stop_threads)
