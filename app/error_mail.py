"""Mail to the administrator about errors that nobody has handled.

The thread that logs an error writes the report, while its request is still there, and queues it;
a thread of the process hands it to the mail server. So no request waits for that server. Each
process starts its thread with its first error, after gunicorn has forked it, and counts for
itself how often the same error has been mailed.
"""

import logging
import math
import os
import smtplib
import time
from collections.abc import Iterator
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime
from logging.handlers import QueueHandler, QueueListener, SMTPHandler
from queue import Full, Queue

from flask import Flask
from flask_mail import sanitize_address

from .delivery import PatientConnection
from .error_report import ErrorReport
from .throttle import Admission, Throttle

THREAD = "error-mail"
LONGEST_QUEUE = 100  # mails
LAST_SECONDS = 3  # that a process waits, when it ends, for its last mails to go out
# No line is longer than mail servers take, and each character arrives even at an old one.
POLICY = SMTP.clone(cte_type="7bit", max_line_length=990)


def init_app(app: Flask) -> None:
    """Mail errors if ERROR_MAIL is on and there are a server and somebody to mail them to.

    All applications of a process share its log, so the one made last decides.
    """
    switch_off()
    settings = app.config
    if settings["ERROR_MAIL"] and settings["MAIL_SERVER"] and settings["FLASKY_ADMIN"]:
        logging.getLogger().addHandler(ErrorQueue(app))


def switch_off() -> None:
    """Mail no more errors, once those that wait have gone out or LAST_SECONDS have passed."""
    root = logging.getLogger()
    for handler in [x for x in root.handlers if isinstance(x, ErrorQueue)]:
        root.removeHandler(handler)
        handler.close()


class AdminMail(SMTPHandler):
    """Hands one report after the other to the mail server, in a thread of its own."""

    def __init__(self, app: Flask) -> None:
        settings = app.config
        super().__init__(
            mailhost=(settings["MAIL_SERVER"], settings["MAIL_PORT"]),
            fromaddr=sanitize_address(settings["FLASKY_MAIL_SENDER"]),
            toaddrs=[sanitize_address(settings["FLASKY_ADMIN"])],
            subject=settings["FLASKY_MAIL_SUBJECT_PREFIX"],
            timeout=settings["MAIL_TIMEOUT"],
        )
        self.app = app
        self.lost = 0  # since a mail went out

    def getSubject(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name it has
        """Return the prefix and what the report is about."""
        return f"{self.subject} {vars(record)['subject']}"

    def emit(self, record: logging.LogRecord) -> None:
        """Send a mail. The parent's way knows neither TLS without a password nor certificates."""
        try:
            with (
                self.app.app_context(),
                PatientConnection(self.app.extensions["mail"]) as connection,
            ):
                if isinstance(connection.host, smtplib.SMTP):  # is none if sending is suppressed
                    connection.host.send_message(self._message(record))
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread goes on
            self._note_failure(error)
        else:
            self._note_success()

    def _message(self, record: logging.LogRecord) -> EmailMessage:
        message = EmailMessage(POLICY)
        message["From"] = self.fromaddr
        message["To"] = self.toaddrs
        message["Subject"] = self.getSubject(record)
        message["Date"] = localtime()
        message["Auto-Submitted"] = "auto-generated"  # so that nobody's holiday answers it
        text = record.getMessage()
        if self.lost:
            text = f"Mails before this one that could not be sent: {self.lost}.\n{text}"
        message.set_content(text.encode(errors="backslashreplace").decode())
        return message

    def _note_failure(self, error: Exception) -> None:
        self.lost += 1
        if self.lost == 1:
            self.app.logger.warning(
                "Errors cannot be mailed, and stand in this log alone until that works again: "
                "%s:%s: %s: %s",
                self.mailhost,
                self.mailport,
                type(error).__name__,
                error,
            )

    def _note_success(self) -> None:
        if self.lost:
            self.app.logger.info("Errors are mailed again; %s were not.", self.lost)
        self.lost = 0


class MailThread(QueueListener):
    """Takes reports from the queue for as long as the process lives."""

    def start(self) -> None:
        """Start the thread, under a name by which its own records are known."""
        super().start()
        if self._thread is not None:
            self._thread.name = THREAD

    def handle(self, record: logging.LogRecord) -> None:
        """Mail without the handler's lock: logging.shutdown() would wait for it at the end."""
        for handler in self.handlers:
            handler.emit(record)

    def finish(self, seconds: float) -> None:
        """Let what is queued go out, and stop waiting for it after `seconds`."""
        with suppress(Full):
            self.enqueue_sentinel()
        if self._thread is not None:
            self._thread.join(seconds)


class ErrorQueue(QueueHandler):
    """Writes a report of each error that is worth a mail, and queues it."""

    queue: "Queue[logging.LogRecord | None]"

    def __init__(self, app: Flask) -> None:
        super().__init__(Queue(LONGEST_QUEUE))
        self.setLevel(logging.ERROR)
        self.app = app
        self.report = ErrorReport(app)
        self.dropped = 0
        self._process: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a report on `record`, unless the same was mailed a moment ago."""
        if record.threadName == THREAD:
            return  # else the trouble of mailing could be mailed for ever
        try:
            self._begin()
            admission = self.throttle.admit(self.report.key(record), time.monotonic())
            if admission is not None:
                self.enqueue(self._mail(record, admission))
                self.dropped = 0
        except Full:
            self.dropped += 1
        except Exception:  # noqa: BLE001 - as every handler does: logging must not raise
            self.handleError(record)

    def close(self) -> None:
        """Give what is queued LAST_SECONDS to go out; `logging` calls this as a process ends."""
        if self._process == os.getpid():
            self._thread.finish(LAST_SECONDS)
            self._process = None
        super().close()

    def _begin(self) -> None:
        """Start with nothing in a new process: a fork leaves threads behind, and takes locks."""
        if self._process == os.getpid():
            return
        settings = self.app.config
        self.queue = Queue(LONGEST_QUEUE)
        self.throttle = Throttle(
            settings["FLASKY_ERROR_MAIL_INTERVAL"], settings["FLASKY_ERROR_MAILS_PER_HOUR"]
        )
        self._thread = MailThread(self.queue, AdminMail(self.app))
        self._thread.start()
        self._process = os.getpid()

    def _mail(self, record: logging.LogRecord, admission: Admission) -> logging.LogRecord:
        """Return what AdminMail needs, which refers to nothing that the request will take back."""
        notes = "".join(f"{note}\n" for note in self._notes(admission))
        return logging.makeLogRecord(
            {
                "levelno": record.levelno,
                "subject": self.report.subject(record),
                "msg": f"{notes}\n{self.report.format(record)}".lstrip("\n"),
            }
        )

    def _notes(self, admission: Admission) -> Iterator[str]:
        if admission.repeated:
            yield f"Times this happened since the last mail about it: {admission.repeated}."
        if admission.held_back:
            yield f"Errors of all kinds that the hourly limit kept back: {admission.held_back}."
        if self.dropped:
            yield f"Errors that were not mailed since too many mails waited: {self.dropped}."
        if admission.pause:
            yield (
                "This process has reached FLASKY_ERROR_MAILS_PER_HOUR and mails nothing for the "
                f"next {math.ceil(admission.pause / 60)} minutes. Read the log."
            )
