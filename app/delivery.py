"""Handing letters over: to the mail server, or to the console while developing."""

import smtplib
import ssl
from contextlib import suppress
from urllib.parse import urlsplit

import click
from flask import current_app
from flask_mail import BadHeaderError, Connection, Message

from .models import Letter


class DeliveryError(Exception):
    """A letter could not be handed over; the text says why."""


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
    if current_app.config["MAIL_TO_CONSOLE"]:
        click.echo(f"\n✉ To: {letter.recipient}\n  {letter.subject}\n\n{letter.body_text}\n")
        return
    if not current_app.config["MAIL_SERVER"]:
        raise DeliveryError("There is no mail server: set MAIL_SERVER.")
    message = Message(
        subject=letter.subject,
        recipients=[letter.recipient],
        body=letter.body_text,
        html=letter.body_html,
        sender=current_app.config["FLASKY_MAIL_SENDER"],
    )
    try:
        with PatientConnection(current_app.extensions["mail"]) as connection:
            connection.send(message)
    except (OSError, smtplib.SMTPException, BadHeaderError, ValueError) as error:
        server = f"{current_app.config['MAIL_SERVER']}:{current_app.config['MAIL_PORT']}"
        raise DeliveryError(f"{server}: {type(error).__name__}: {error}") from error
