"""A real SMTP server that keeps the letters it gets."""

import logging
import re
import socket
from email import message_from_bytes, policy
from typing import Any, Self, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells of every line it reads


def free_port() -> int:
    """Return the number of a port that nobody uses now (aiosmtpd cannot take “any”)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Received:
    """A letter as the mail server got it."""

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
    """The server, and what it was sent. Set `refusal` to have it refuse every letter."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.refusal: str | None = None
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port())

    def __enter__(self) -> Self:
        self.controller.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.controller.stop()

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of a site that sends its letters here."""
        return {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": self.controller.port}

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take a letter, or refuse it."""
        if self.refusal:
            return self.refusal
        self.received.append(Received(envelope))
        return "250 Taken"

    def clear(self) -> None:
        """Forget everything."""
        self.received.clear()
        self.refusal = None

    def to(self, address: str) -> list[Received]:
        """Return the letters to `address`, oldest first."""
        return [letter for letter in self.received if address in letter.recipients]

    def last(self, address: str) -> Received:
        """Return the newest letter to `address`."""
        found = self.to(address)
        assert found, f"No letter to {address}, only to {[x.recipients for x in self.received]}"
        return found[-1]
