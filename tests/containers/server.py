"""A bare Debian with systemd, in a container: where docs/deploying/server.md is typed."""

import re
import socket
import ssl
from http.client import HTTPSConnection
from pathlib import Path

from .bare import Bare
from .engine import PATIENCE, Done, Engine

NAME = "flasky.example.com"
FILES = f"/etc/letsencrypt/live/{NAME}"
CERTIFY = f"""set -e
install -d {FILES}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={NAME} \\
    -addext subjectAltName=DNS:{NAME} -keyout {FILES}/privkey.pem -out {FILES}/fullchain.pem 2>&1
echo "cacert = {FILES}/fullchain.pem" >/root/.curlrc
"""
SHELL = ("exec", "--interactive", "--env=DEBIAN_FRONTEND=noninteractive")
LASTING = re.compile(r"(cd|export) |\w+=|\w+\(\) ")  # a line that sets something up for the next


class Server(Bare):
    """The machine, and a shell on it; the folder `origin` is there, too."""

    def __init__(self, engine: Engine, origin: Path) -> None:
        super().__init__(engine, f"--volume={origin}:/origin:ro", f"--add-host={NAME}:127.0.0.1")
        self.lasting: list[str] = []

    def type(self, text: str, said: str = "") -> Done:
        """Type a line, in a shell that knows what was set up for it."""
        script = "\n".join([*self.lasting, text])
        command = ["docker", *SHELL, self.id, "bash", "-c", script]
        done = self.engine.type(command, check=False, said=said)
        if LASTING.match(text):
            self.lasting.append(text)
        return done

    def certify(self) -> None:
        """Do what certbot would, if the world knew this machine."""
        done = self.type(CERTIFY)
        assert done.returncode == 0, done.stdout

    def tls(self) -> ssl.SSLContext:
        """Return what believes its certificate."""
        return ssl.create_default_context(cadata=self.type(f"cat {FILES}/fullchain.pem").stdout)


class Connection(HTTPSConnection):
    """Finds the server without asking for its name."""

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        super().__init__(NAME, timeout=PATIENCE)
        self.place, self.tls = ("127.0.0.1", port), tls

    def connect(self) -> None:
        """Open it."""
        plain = socket.create_connection(self.place, self.timeout)
        self.sock = self.tls.wrap_socket(plain, server_hostname=NAME)
