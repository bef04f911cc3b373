"""Handing letters over: to the mail server, or to the console while developing."""

import smtplib
import ssl
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import click
from flask import current_app
from flask_mail import BadHeaderError, Connection, Message

from .meters import MAIL
from .models import Letter

REFUSED_FOR_GOOD = 500


class DeliveryError(Exception):
    """A letter could not be handed over; the text says why.

    `for_good`: trying again will not help, unless somebody changes something.
    """

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


class Unreachable(DeliveryError):
    """There is no server to hand letters to, or it does not know us: no fault of the letter's."""


class PatientConnection(Connection):
    """Flask-Mail's connection, which by itself waits for ever and trusts any certificate."""

    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        """Return a connection that gives up after MAIL_TIMEOUT seconds."""
        host = self._connect()
        try:
            if self.mail.use_tls:
                host.starttls(context=ssl.create_default_context())
            if self.mail.username and self.mail.password:
                host.login(self.mail.username, self.mail.password)
        except BaseException:
            host.close()
            raise
        return host

    def _connect(self) -> smtplib.SMTP:
        options = {
            "host": self.mail.server,
            "port": self.mail.port,
            "timeout": current_app.config["MAIL_TIMEOUT"],
            # else smtplib asks the network for this machine's name, for as long as that takes
            "local_hostname": urlsplit(current_app.config["FLASKY_URL"]).hostname,
        }
        if self.mail.use_ssl:
            return smtplib.SMTP_SSL(**options, context=ssl.create_default_context())
        return smtplib.SMTP(**options)

    def __exit__(self, *_error: object) -> None:
        """Take leave. A server that has hung up by then has the letter all the same."""
        if self.host is not None:
            with suppress(OSError, smtplib.SMTPException):
                self.host.quit()
            self.host.close()


def send(letter: Letter) -> None:
    """Hand `letter` over; raise DeliveryError if nobody took it."""
    try:
        _hand_over(letter)
    except DeliveryError:
        MAIL.labels("failed").inc()
        raise
    MAIL.labels("sent").inc()


def _hand_over(letter: Letter) -> None:
    if current_app.config["MAIL_TO_CONSOLE"]:
        click.echo(f"\n✉ To: {letter.recipient}\n  {letter.subject}\n\n{letter.body_text}\n")
        return
    if not current_app.config["MAIL_SERVER"]:
        raise Unreachable("There is no mail server: set MAIL_SERVER.")
    message = compose(letter)
    with ExitStack() as stack:
        try:
            server = PatientConnection(current_app.extensions["mail"])
            connection = stack.enter_context(server)
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(_told(error)) from error
        try:
            connection.send(message)
        except (OSError, smtplib.SMTPException, BadHeaderError, ValueError) as error:
            raise DeliveryError(_told(error), for_good=_is_for_good(error)) from error


def compose(letter: Letter) -> Message:
    """Return the message that `letter` becomes."""
    message = Message(
        subject=letter.subject,
        recipients=[letter.recipient],
        body=letter.body_text,
        html=letter.body_html,
        sender=current_app.config["FLASKY_MAIL_SENDER"],
    )
    if letter.id is not None:
        message.msgId = message_id(letter)
    return message


def message_id(letter: Letter) -> str:
    """Return the same name for a letter each time it is sent.

    Whoever gets a letter twice can tell by it: mail servers and readers drop the second copy.
    """
    host = urlsplit(current_app.config["FLASKY_URL"]).hostname or "localhost"
    return f"<letter-{letter.id}-{int(letter.created_at.timestamp())}@{host}>"


def _told(error: Exception) -> str:
    server = f"{current_app.config['MAIL_SERVER']}:{current_app.config['MAIL_PORT']}"
    return f"{server}: {type(error).__name__}: {error}"


def _is_for_good(error: Exception) -> bool:
    """Tell whether the server, or our own code, will refuse the letter every time."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= REFUSED_FOR_GOOD for code, _reason in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code >= REFUSED_FOR_GOOD
    return isinstance(error, BadHeaderError | ValueError)
