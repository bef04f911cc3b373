"""Handing letters over: to the mail server, or to the console while developing."""

import smtplib
import ssl

import click
from flask import current_app
from flask_mail import Connection, Message

from .models import Letter


class DeliveryError(Exception):
    """A letter could not be handed over; the text says why."""


class PatientConnection(Connection):
    """Flask-Mail's connection, which by itself waits for ever and trusts any certificate."""

    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        """Return a connection that gives up after MAIL_TIMEOUT seconds."""
        timeout = current_app.config["MAIL_TIMEOUT"]
        trusted = ssl.create_default_context()
        host: smtplib.SMTP
        if self.mail.use_ssl:
            host = smtplib.SMTP_SSL(
                self.mail.server, self.mail.port, timeout=timeout, context=trusted
            )
        else:
            host = smtplib.SMTP(self.mail.server, self.mail.port, timeout=timeout)
        if self.mail.use_tls:
            host.starttls(context=trusted)
        if self.mail.username and self.mail.password:
            host.login(self.mail.username, self.mail.password)
        return host


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
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(f"{type(error).__name__}: {error}") from error
