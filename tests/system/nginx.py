"""nginx for the tests, with the files of deploy/nginx/ and nothing else but its own folder.

`nginx = Nginx()`, then gunicorn on `nginx.socket` for the address `nginx.url`, in either order.
"""

import json
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

import pytest

from tests.mailbox import free_port
from tests.system.servers import PATIENCE, ROOT, Server

SITE = ROOT / "deploy/nginx"
NAME = "localhost"

# Debian's nginx.conf, as far as it matters here.
AROUND = """
daemon off;
{user}
worker_processes 2;
worker_rlimit_nofile 8192;
pid {folder}/pid;
error_log {folder}/log info;
events {{ worker_connections 4096; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/flasky.conf;
}}
"""


class Nginx(Server):
    """The site's nginx on two free ports; it finds gunicorn at `socket`, or at `servers`."""

    def __init__(self, static: Path | None = None, servers: Sequence[str] = ()) -> None:
        if shutil.which("nginx") is None:
            pytest.skip("nginx is not installed: sudo apt install nginx")
        super().__init__(["nginx"], {"PATH": os.environ["PATH"]})
        self.port, self.plain_port = free_port(), free_port()
        self.url = f"https://{NAME}:{self.port}"
        self.socket = self.folder / "web.sock"
        self.static = static or self.folder / "static"
        self.static.mkdir(exist_ok=True)
        self.flag = self.folder / "flasky/maintenance"
        self.access_file = self.folder / "access"
        self._write_certificate()
        self._write_configuration(servers or [f"unix:{self.socket}"])
        self.command = ["nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]
        self.tls = ssl.create_default_context(cafile=self.folder / "certificate")

    def connect(self, timeout: float = PATIENCE) -> HTTPSConnection:
        """Return a connection that speaks TLS."""
        return HTTPSConnection(NAME, self.port, context=self.tls, timeout=timeout)

    def connect_plain(self) -> HTTPConnection:
        """Return a connection that does not."""
        return HTTPConnection(NAME, self.plain_port, timeout=PATIENCE)

    def dial(self) -> ssl.SSLSocket:
        """Return a bare socket that speaks TLS, for what no library would send."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        return self.tls.wrap_socket(plain, server_hostname=NAME)

    def check(self) -> str:
        """Return what `nginx -t` says."""
        done = subprocess.run([*self.command, "-t"], capture_output=True, text=True, check=False)
        return done.stderr

    def access(self) -> list[dict[str, Any]]:
        """Return the lines of the access log."""
        return [json.loads(line) for line in self.access_file.read_text().splitlines()]

    def answers(self) -> bool:
        """Tell whether it takes connections."""
        try:
            self.dial().close()
        except OSError:
            return False
        return True

    def _write_certificate(self) -> None:
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        files = ["-keyout", str(self.folder / "key"), "-out", str(self.folder / "certificate")]
        names = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
        subprocess.run([*command.split(), *files, *names], check=True, capture_output=True)

    def _write_configuration(self, servers: Sequence[str]) -> None:
        """Write the site's files as an operator edits them, with this folder's paths."""
        shutil.copytree(SITE / "flasky", self.folder / "flasky")
        shutil.copy(SITE / "flasky.conf", self.folder)
        letsencrypt = "/etc/letsencrypt/live/flasky.example.com"
        edits = {
            f"{letsencrypt}/fullchain.pem": f"{self.folder}/certificate",
            f"{letsencrypt}/privkey.pem": f"{self.folder}/key",
            "server_name flasky.example.com;": f"server_name {NAME};",
            "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{self.port} ssl http2;",
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl http2;\n": "",
            "server unix:/run/flasky/web.sock;": "\n".join(f"server {one};" for one in servers),
            "/var/cache/flasky/static": str(self.static),
            "/var/cache/flasky-nginx": f"{self.folder}/cache",
            "/var/log/nginx/flasky.log": str(self.access_file),
            "/var/www/acme": f"{self.folder}/acme",
            "/etc/nginx/flasky/": f"{self.folder}/flasky/",
        }
        for old, new in edits.items():
            self._replace(old, new)
        user = "user root;" if os.geteuid() == 0 else ""  # the folder is ours alone
        (self.folder / "nginx.conf").write_text(AROUND.format(user=user, folder=self.folder))

    def _replace(self, old: str, new: str) -> None:
        found = False
        for file in [self.folder / "flasky.conf", *self.folder.glob("flasky/*.conf")]:
            text = file.read_text()
            found = found or old in text
            file.write_text(text.replace(old, new))
        assert found, f"deploy/nginx/ does not say {old!r} any more"
