"""Send one email: to the mail server, or to the console during development."""

import smtplib
import socket
import ssl
import time
from contextlib import suppress
from email import charset
from io import BufferedReader, RawIOBase
from typing import Any
from urllib.parse import urlsplit

import click
from flask import current_app
from flask_mail import BadHeaderError, Connection, Message

from ..models import OutboxEmail

# Flask-Mail selects 8-bit bodies, which servers without 8BITMIME reject or damage.
charset.add_charset("utf-8", charset.SHORTEST, charset.QP, "utf-8")
MIN_PERMANENT_CODE = 500  # SMTP reply codes from here on are permanent
MAX_TIMEOUTS = 3  # times MAIL_TIMEOUT, for all replies to one email


class DeliveryError(Exception):
    """An email was not accepted. `permanent` errors will probably recur."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


class SMTPUnavailable(DeliveryError):
    """The mail server is not set, not reachable or rejects the login: no email can be sent."""


class ReplyReader(RawIOBase):
    """Reads from a socket until a deadline, also if the server sends one byte at a time."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self.sock, self.timeout, self.deadline = sock, sock.gettimeout() or 0, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self.deadline - time.monotonic()
        self.sock.settimeout(min(self.timeout, max(left, 0.001)))  # 0 means non-blocking
        return self.sock.recv_into(buffer)


class SMTP(smtplib.SMTP):
    """A connection whose replies must all be read within MAX_TIMEOUTS times its timeout."""

    deadline = 0.0
    sock: Any

    def getreply(self) -> tuple[int, bytes]:
        """Read a reply."""
        self.deadline = self.deadline or time.monotonic() + MAX_TIMEOUTS * self.timeout
        if self.file is None and self.sock is not None:  # None before and after STARTTLS
            self.file = BufferedReader(ReplyReader(self.sock, self.deadline))
        return super().getreply()


class SMTPS(SMTP, smtplib.SMTP_SSL):
    """The same over TLS."""


class SMTPConnection(Connection):
    """Flask-Mail's connection, with timeouts and with verified certificates."""

    def configure_host(self) -> SMTP:
        """Return a connection whose operations time out after MAIL_TIMEOUT seconds."""
        options = {
            "host": self.mail.server,
            "port": self.mail.port,
            "timeout": current_app.config["MAIL_TIMEOUT"],
            # Without it, smtplib looks up this machine's name in DNS, without a timeout.
            "local_hostname": urlsplit(current_app.config["SITE_URL"]).hostname,
        }
        use_ssl, use_tls = self.mail.use_ssl, self.mail.use_tls
        # Loading the certificates of the system takes longer than sending an email.
        tls = ssl.create_default_context() if use_ssl or use_tls else None
        host = SMTPS(**options, context=tls) if use_ssl else SMTP(**options)
        try:
            if use_tls:
                host.starttls(context=tls)
            if self.mail.username and self.mail.password:
                host.login(self.mail.username, self.mail.password)
        except BaseException:
            host.close()
            raise
        return host

    def __exit__(self, *_error: object) -> None:
        """Close the connection. The email is accepted even if QUIT fails."""
        if self.host is not None:
            with suppress(OSError, smtplib.SMTPException):
                self.host.quit()
            self.host.close()


# demo-only: begin
class UnsubscribeHeader(str):
    """A URL in one line: `email` encodes long ones, which email clients do not decode."""

    name = "List-Unsubscribe"  # for email.policy, this is a header that folds itself

    def fold(self, *, policy: Any) -> str:
        """Return the line of the header."""
        return f"{self.name}: {self}{policy.linesep}"


# demo-only: end
def send(email: OutboxEmail) -> None:
    """Send an email; raise DeliveryError if it was not accepted."""
    if current_app.config["MAIL_CONSOLE"]:
        click.echo(f"\n✉ To: {email.recipient}\n  {email.subject}\n\n{email.body_text}\n")
        return
    if not current_app.config["MAIL_SERVER"]:
        raise SMTPUnavailable("MAIL_SERVER is not set.")
    message = build_message(email)
    connection = SMTPConnection(current_app.extensions["mail"])
    try:
        with connection:
            connection.send(message)
    except (OSError, smtplib.SMTPException, BadHeaderError, ValueError) as error:
        server = f"{current_app.config['MAIL_SERVER']}:{current_app.config['MAIL_PORT']}"
        reason = f"{server}: {type(error).__name__}: {error}"
        if connection.host is None:
            raise SMTPUnavailable(reason) from error
        raise DeliveryError(reason, permanent=_is_permanent(error)) from error


def build_message(email: OutboxEmail) -> Message:
    """Return the Flask-Mail message for an email of the outbox."""
    headers = {"Auto-Submitted": "auto-generated"}  # prevents out-of-office replies
    # demo-only: begin
    if email.unsubscribe_url:  # email clients show a button: RFC 8058
        headers[UnsubscribeHeader.name] = UnsubscribeHeader(f"<{email.unsubscribe_url}>")
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # demo-only: end
    message = Message(
        subject=email.subject,
        recipients=[email.recipient],
        body=email.body_text,
        html=email.body_html,
        sender=current_app.config["FLASKY_MAIL_SENDER"],
        extra_headers=headers,
    )
    if email.id is not None:
        # The same on each attempt, so that clients can drop duplicates.
        host = urlsplit(current_app.config["SITE_URL"]).hostname or "localhost"
        message.msgId = f"<outbox-{email.id}-{int(email.created_at.timestamp())}@{host}>"
    return message


def _is_permanent(error: Exception) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _reason in error.recipients.values()]
        return all(code >= MIN_PERMANENT_CODE for code in codes)
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code >= MIN_PERMANENT_CODE
    return isinstance(error, BadHeaderError | ValueError)
