"""An SMTP server in a process of its own, which can be killed. It records what it accepts.

`python -m benchmarks.smtp_sink HOST PORT FILE` appends one line for each recipient (recipient,
Message-ID, address of the client) before the client learns that the message was accepted.
"""

import asyncio
import os
import sys
from email import message_from_bytes
from pathlib import Path
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session


class SMTPSink:
    """Accepts every message."""

    def __init__(self, file: Path) -> None:
        self.file = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Record the message in one write, and accept it."""
        message_id = message_from_bytes(cast("bytes", envelope.content))["Message-ID"]
        client = cast("tuple[str, int]", session.peer)[0]
        lines = [f"{recipient}\t{message_id}\t{client}\n" for recipient in envelope.rcpt_tos]
        os.write(self.file, "".join(lines).encode())
        return "250 OK"


async def serve(host: str, port: int, file: Path) -> None:
    """Serve until the process is killed."""
    sink = SMTPSink(file)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(sink, enable_SMTPUTF8=True), host, port
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
