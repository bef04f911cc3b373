"""An S3-compatible server: rclone, which serves the folders in a folder as buckets."""

import socket
import sys
from pathlib import Path

from tests.support.mailbox import free_port
from tests.support.servers import Server

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
BUCKET = "flasky"


class S3Server(Server):
    """A server with an empty bucket, which checks the signatures of requests."""

    def __init__(self) -> None:
        self.port = free_port()
        program, address = Path(sys.executable).with_name("rclone"), f"127.0.0.1:{self.port}"
        options = ["--auth-key", f"{KEY},{SECRET}", "--addr", address, "--config", ""]
        super().__init__([str(program), "serve", "s3", *options], {})
        self.buckets = self.folder / "buckets"
        (self.buckets / BUCKET).mkdir(parents=True)
        self.command.append(str(self.buckets))

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables for its clients."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }

    def is_responding(self) -> bool:
        """Return True if it accepts connections."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
