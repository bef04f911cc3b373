"""nginx for the tests, with the files of deploy/nginx/ in a temporary folder.

`nginx = Nginx()`, then gunicorn on `nginx.socket` for the URL `nginx.url`, in either order.
"""

import json
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from tests.support.mailbox import free_port
from tests.support.servers import ROOT, TIMEOUT, Server

SOURCE = ROOT / "deploy/nginx"
HOST = "localhost"

# The relevant part of Debian's nginx.conf.
NGINX_CONF = """
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
    {directives}
    include {folder}/flasky.conf;
}}
"""


class Nginx(Server):
    """nginx on two free ports, in front of gunicorn at `socket` or at `servers`.

    `directives` are added to its `http` block. `edits` are further changes to its files.
    """

    def __init__(
        self,
        static: Path | None = None,
        servers: Sequence[str] = (),
        directives: str = "",
        edits: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        if shutil.which("nginx") is None:
            pytest.skip("nginx is not installed: sudo apt install nginx")
        super().__init__(["nginx"], {"PATH": os.environ["PATH"]})
        self.port, self.http_port = free_port(), free_port()
        self.url = f"https://{HOST}:{self.port}"
        self.socket, self.live_socket = self.folder / "web.sock", self.folder / "live.sock"
        self.static = static or self.folder / "static"
        self.static.mkdir(exist_ok=True)
        self.maintenance_flag = self.folder / "flasky/maintenance"
        self.access_file = self.folder / "access"
        self._write_certificate()
        self._write_configuration(servers or [f"unix:{self.socket}"], directives)
        for old, new in edits.items():
            self._replace(old, new)
        self.command = ["nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]
        self.tls = ssl.create_default_context(cafile=self.folder / "certificate")

    def connect(self, timeout: float = TIMEOUT) -> HTTPSConnection:
        """Return an HTTPS connection."""
        return HTTPSConnection(HOST, self.port, context=self.tls, timeout=timeout)

    def connect_http(self) -> HTTPConnection:
        """Return an HTTP connection without TLS."""
        return HTTPConnection(HOST, self.http_port, timeout=TIMEOUT)

    def connect_raw(self) -> ssl.SSLSocket:
        """Return a TLS socket, for requests that no HTTP library would send."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)
        return self.tls.wrap_socket(plain, server_hostname=HOST)

    def config_test(self) -> str:
        """Return the output of `nginx -t`."""
        completed = subprocess.run(
            [*self.command, "-t"], capture_output=True, text=True, check=False
        )
        return completed.stderr

    def access(self) -> list[dict[str, Any]]:
        """Return the entries of the access log."""
        return [json.loads(line) for line in self.access_file.read_text().splitlines()]

    def is_responding(self) -> bool:
        """Return True if it accepts connections."""
        try:
            self.connect_raw().close()
        except OSError:
            return False
        return True

    def _write_certificate(self) -> None:
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        files = ["-keyout", str(self.folder / "key"), "-out", str(self.folder / "certificate")]
        names = ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
        subprocess.run([*command.split(), *files, *names], check=True, capture_output=True)

    def _write_configuration(self, servers: Sequence[str], directives: str) -> None:
        """Edit the files of deploy/nginx/ as an operator does, with the paths of this folder."""
        shutil.copytree(SOURCE / "flasky", self.folder / "flasky")
        shutil.copy(SOURCE / "flasky.conf", self.folder)
        letsencrypt = "/etc/letsencrypt/live/flasky.example.com"
        edits = {
            f"{letsencrypt}/fullchain.pem": f"{self.folder}/certificate",
            f"{letsencrypt}/privkey.pem": f"{self.folder}/key",
            "server_name flasky.example.com;": f"server_name {HOST};",
            "listen 80;": f"listen 127.0.0.1:{self.http_port};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{self.port} ssl http2;",
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl http2;\n": "",
            "server unix:/run/flasky/web.sock;": "\n".join(f"server {one};" for one in servers),
            "unix:/run/flasky/live.sock": f"unix:{self.live_socket}",  # demo-only
            "/var/cache/flasky/static": str(self.static),
            "/var/cache/flasky-nginx": f"{self.folder}/cache",
            "/var/log/nginx/flasky.log": str(self.access_file),
            "/var/www/acme": f"{self.folder}/acme",
            "/etc/nginx/flasky/": f"{self.folder}/flasky/",
        }
        for old, new in edits.items():
            self._replace(old, new)
        user = "user root;" if os.geteuid() == 0 else ""  # only root can read the folder
        conf = NGINX_CONF.format(user=user, folder=self.folder, directives=directives)
        (self.folder / "nginx.conf").write_text(conf)

    def _replace(self, old: str, new: str) -> None:
        found = False
        for file in [self.folder / "flasky.conf", *self.folder.glob("flasky/*.conf")]:
            text = file.read_text()
            found = found or old in text
            file.write_text(text.replace(old, new))
        assert found, f"deploy/nginx/ no longer contains {old!r}"
