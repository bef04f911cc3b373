"""Pebble, the test server of Let's Encrypt. It runs on a server, which trusts it."""

import json
import socket
import ssl

from .debian import CERTIFICATES, DebianServer
from .web import wait_until

URL = "https://localhost:14000/dir"
ROOT = "https://localhost:15000/roots/0"
PEBBLE = {
    "listenAddress": "127.0.0.1:14000",
    "managementListenAddress": "127.0.0.1:15000",
    "certificate": "/root/acme.pem",
    "privateKey": "/root/acme.key",
    "httpPort": 80,
    "tlsPort": 443,
}
START = f"""set -e
cat >/root/acme.json
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \\
    -subj /CN=localhost -addext subjectAltName=DNS:localhost \\
    -keyout {PEBBLE["privateKey"]} -out {PEBBLE["certificate"]}
cat {PEBBLE["certificate"]} >>{CERTIFICATES}
systemd-run --quiet --unit acme --setenv PEBBLE_VA_NOSLEEP=1 \\
    --setenv PEBBLE_WFE_NONCEREJECT=0 pebble -config /root/acme.json
"""
FETCH = f"python3 -c \"from urllib.request import *; print(urlopen('{ROOT}').read().decode())\""


def start(server: DebianServer) -> str:
    """Start Pebble on a server; return its root certificate."""
    server.root(START, stdin=json.dumps({"pebble": PEBBLE}))
    wait_until(lambda: "BEGIN" in server.root(FETCH, check=False), "Pebble responds")
    root = server.root(FETCH)
    server.root(f"cat >>{CERTIFICATES}", stdin=root)
    return root


def serial_number(server: DebianServer, domain: str, root: str) -> str:
    """Return the serial number of nginx's certificate for a domain, verified with `root`."""
    context = ssl.create_default_context(cadata=root)
    with (
        socket.create_connection(("127.0.0.1", server.ports[443])) as plain,
        context.wrap_socket(plain, server_hostname=domain) as connection,
    ):
        certificate = connection.getpeercert()
        return str(certificate["serialNumber"]) if certificate else ""
