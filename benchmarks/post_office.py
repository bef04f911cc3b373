"""A mail server in a process of its own, which can be killed. It writes down what it takes.

`python -m benchmarks.post_office HOST PORT LEDGER`: one line of the ledger for each letter, with
recipient, Message-ID and who brought it, written before the sender is told that it was taken.
"""

import asyncio
import os
import sys
from email import message_from_bytes
from pathlib import Path
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session


class PostOffice:
    """Takes every letter."""

    def __init__(self, ledger: Path) -> None:
        self.ledger = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Write the letter down, in one piece, and take it."""
        name = message_from_bytes(cast("bytes", envelope.content))["Message-ID"]
        bearer = cast("tuple[str, int]", session.peer)[0]
        lines = [f"{recipient}\t{name}\t{bearer}\n" for recipient in envelope.rcpt_tos]
        os.write(self.ledger, "".join(lines).encode())
        return "250 Taken"


async def serve(host: str, port: int, ledger: Path) -> None:
    """Serve until the process is killed."""
    office = PostOffice(ledger)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(office, enable_SMTPUTF8=True), host, port
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
