"""An SMTP server that stores the messages it receives."""

import logging
import re
import socket
from email import message_from_bytes, policy
from typing import Any, Self, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd logs every line it receives


def free_port() -> int:
    """Return an unused port (aiosmtpd does not accept port 0)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ReceivedEmail:
    """A message as the SMTP server received it."""

    def __init__(self, envelope: Envelope) -> None:
        content = cast("bytes", envelope.content)
        self.message = message_from_bytes(content, policy=policy.default)
        self.recipients = list(envelope.rcpt_tos)
        self.subject = str(self.message["Subject"])
        self.text = self._part("plain")
        self.html = self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return part.get_content() if part is not None else ""

    @property
    def link(self) -> str:
        """The path of the first link in the text that holds a token."""
        match = re.search(r"https?://[^/\s]+(/auth/\S+/\S+)", self.text)
        assert match is not None, f"No link in: {self.text}"
        return match[1]


class Mailbox:
    """The server and the messages it received. Set `refusal` to reject every message."""

    def __init__(self) -> None:
        self.received: list[ReceivedEmail] = []
        self.refusal: str | None = None
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port())

    def __enter__(self) -> Self:
        self.controller.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.controller.stop()

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of an application that sends its email here."""
        return {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": self.controller.port}

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls this name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Store the message, or reply with `refusal`."""
        if self.refusal:
            return self.refusal
        self.received.append(ReceivedEmail(envelope))
        return "250 OK"

    def clear(self) -> None:
        """Delete all messages and accept new ones."""
        self.received.clear()
        self.refusal = None

    def to(self, email: str) -> list[ReceivedEmail]:
        """Return the messages to this email address, oldest first."""
        return [message for message in self.received if email in message.recipients]

    def last(self, email: str) -> ReceivedEmail:
        """Return the newest message to this email address."""
        messages = self.to(email)
        recipients = [message.recipients for message in self.received]
        assert messages, f"No message to {email}, only to {recipients}"
        return messages[-1]
