"""An authority that signs certificates as Let's Encrypt does: Pebble, which is theirs, in Debian.

It runs on a server itself, asks by plain http whether the names are that server's, and is believed
there.
"""

import json
import socket
import ssl

from tests.containers.bare import Bare
from tests.system.servers import eventually

URL = "https://localhost:14000/dir"
ROOT = "https://localhost:15000/roots/0"
PEBBLE = {
    "listenAddress": "127.0.0.1:14000",
    "managementListenAddress": "127.0.0.1:15000",
    "certificate": "/root/authority.pem",
    "privateKey": "/root/authority.key",
    "httpPort": 80,
    "tlsPort": 443,
}
BELIEVED = "/etc/ssl/certs/ca-certificates.crt"
START = f"""set -e
apt-get update -qq
apt-get install -qq -y --no-install-recommends pebble
cat >/root/authority.json
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \\
    -subj /CN=localhost -addext subjectAltName=DNS:localhost \\
    -keyout {PEBBLE["privateKey"]} -out {PEBBLE["certificate"]}
cat {PEBBLE["certificate"]} >>{BELIEVED}
systemd-run --quiet --unit authority --setenv PEBBLE_VA_NOSLEEP=1 \\
    --setenv PEBBLE_WFE_NONCEREJECT=0 pebble -config /root/authority.json
"""
FETCH = f"python3 -c \"from urllib.request import *; print(urlopen('{ROOT}').read().decode())\""


def start(server: Bare) -> str:
    """Start one on a server; return its own certificate."""
    server.root(START, said=json.dumps({"pebble": PEBBLE}))
    eventually(lambda: "BEGIN" in server.root(FETCH, check=False), "the authority answers")
    root = server.root(FETCH)
    server.root(f"cat >>{BELIEVED}", said=root)
    return root


def number(server: Bare, name: str, root: str) -> str:
    """Return the number of the certificate that nginx shows for `name`, signed by `root`."""
    believing = ssl.create_default_context(cadata=root)
    with (
        socket.create_connection(("127.0.0.1", server.ports[443])) as plain,
        believing.wrap_socket(plain, server_hostname=name) as connection,
    ):
        shown = connection.getpeercert()
        return str(shown["serialNumber"]) if shown else ""
