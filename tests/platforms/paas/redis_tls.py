"""Redis with TLS, a password and a self-signed certificate, like Heroku's."""

from pathlib import Path

import trustme

from tests.support.redis_server import EphemeralRedis

PASSWORD = "p0123456789abcdef"


class SelfSignedRedis(EphemeralRedis):
    """A Redis that accepts only TLS, with a self-signed certificate.

    `address` is the URL that a platform sets; `url` is for the tests.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.certificate = folder / "redis.pem"
        issued = trustme.CA().issue_cert("redis.example")
        issued.private_key_and_cert_chain_pem.write_to_path(str(self.certificate))
        self.address = f"rediss://:{PASSWORD}@127.0.0.1:{self.port}"
        self.url = f"{self.address}?ssl_cert_reqs=none"

    def _command(self) -> list[str]:
        options = {
            "port": "0",
            "tls-port": str(self.port),
            "tls-cert-file": str(self.certificate),
            "tls-key-file": str(self.certificate),
            "tls-ca-cert-file": str(self.certificate),
            "tls-auth-clients": "no",
            "requirepass": PASSWORD,
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return [*super()._command(), *words]
