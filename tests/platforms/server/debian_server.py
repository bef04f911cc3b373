"""A bare Debian server in a container, on which the commands of docs/deploying/server.md run."""

import re
import socket
import ssl
from http.client import HTTPSConnection
from pathlib import Path

from tests.support.bare_debian import BareDebian
from tests.support.podman import TIMEOUT, Completed, Podman

NAME = "flasky.example.com"
FILES = f"/etc/letsencrypt/live/{NAME}"
CERTIFY = f"""set -e
install -d {FILES}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={NAME} \\
    -addext subjectAltName=DNS:{NAME} -keyout {FILES}/privkey.pem -out {FILES}/fullchain.pem 2>&1
echo "cacert = {FILES}/fullchain.pem" >/root/.curlrc
"""
SHELL = ("exec", "--interactive", "--env=DEBIAN_FRONTEND=noninteractive")
SESSION_STATE = re.compile(r"(cd|export) |\w+=|\w+\(\) ")  # commands that affect later ones


class Server(BareDebian):
    """The server with a shell session, and the repository `origin` mounted at /origin."""

    def __init__(self, engine: Podman, origin: Path) -> None:
        super().__init__(engine, f"--volume={origin}:/origin:ro", f"--add-host={NAME}:127.0.0.1")
        self.session: list[str] = []

    def run(self, text: str, stdin: str = "") -> Completed:
        """Run a command after the directory changes, variables and functions of earlier ones."""
        script = "\n".join([*self.session, text])
        command = ["docker", *SHELL, self.id, "bash", "-c", script]
        done = self.engine.run(command, check=False, stdin=stdin)
        if SESSION_STATE.match(text):
            self.session.append(text)
        return done

    def install_certificate(self) -> None:
        """Install a self-signed certificate where certbot would put one."""
        done = self.run(CERTIFY)
        assert done.returncode == 0, done.stdout

    def tls(self) -> ssl.SSLContext:
        """Return a context that trusts its certificate."""
        return ssl.create_default_context(cadata=self.run(f"cat {FILES}/fullchain.pem").stdout)


class Connection(HTTPSConnection):
    """Connects to the published port instead of resolving the name."""

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        super().__init__(NAME, timeout=TIMEOUT)
        self.endpoint, self.tls = ("127.0.0.1", port), tls

    def connect(self) -> None:
        """Connect and start TLS."""
        plain = socket.create_connection(self.endpoint, self.timeout)
        self.sock = self.tls.wrap_socket(plain, server_hostname=NAME)
