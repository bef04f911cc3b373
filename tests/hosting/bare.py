"""A bare Debian: systemd, sshd with one key, and nothing else. Several can run, side by side.

Its ports are published on 127.0.0.1 alone. Whatever is typed on it goes by `root()`; the tests of
deploys never use that, but to look.
"""

import fcntl
import subprocess
import tempfile
import zlib
from pathlib import Path
from typing import Self

from tests.containers.engine import PATIENCE, SHARED_IMAGES, Engine
from tests.containers.images import CERTIFICATES, base_name, own_certificates
from tests.mailbox import free_port
from tests.system.servers import eventually

PACKAGES = "systemd systemd-sysv openssh-server libpam-systemd"
# Whoever starts from the same image must not have the same host keys.
DOCKERFILE = f"""FROM {{base}}
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends {PACKAGES} >/dev/null
RUN apt-get clean && rm -f /etc/ssh/ssh_host_* && mkdir /etc/systemd/system/ssh.service.d && \\
    printf '[Service]\\nExecStartPre=\\nExecStartPre=/usr/bin/ssh-keygen -A\\n' \\
        >/etc/systemd/system/ssh.service.d/keys.conf
COPY certificates {CERTIFICATES}
"""
IMAGE = f"localhost/server:{zlib.crc32(DOCKERFILE.encode()):08x}"


def provide() -> str:
    """Return the image of a bare server, which is made once and kept, as its base is."""
    with (SHARED_IMAGES / "made-by-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if subprocess.run(["podman", "image", "exists", IMAGE], check=False).returncode:
            with tempfile.TemporaryDirectory() as context:
                Path(context, "Dockerfile").write_text(DOCKERFILE.format(base=base_name()))
                Path(context, "certificates").write_bytes(own_certificates())
                few = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
                build = ["podman", "--runtime", "runc", "build", *few, "--quiet", "--tag", IMAGE]
                subprocess.run([*build, context], check=True, stdout=subprocess.DEVNULL)
    return IMAGE


class Bare:
    """A server that runs, and the key that opens it."""

    def __init__(self, engine: Engine, key: Path) -> None:
        self.engine = engine
        self.key = key
        self.ports = {inside: free_port() for inside in (22, 80, 443)}

    @property
    def ssh_port(self) -> int:
        """Where sshd answers."""
        return self.ports[22]

    def __enter__(self) -> Self:
        published = [
            word
            for inside, outside in self.ports.items()
            for word in ("--publish", f"127.0.0.1:{outside}:{inside}")
        ]
        flags = ("--detach", "--systemd=always", "--privileged", "--hostname", "server")
        done = self.engine.docker("run", *flags, *published, provide(), "/lib/systemd/systemd")
        self.id = done.stdout.split()[-1]
        public = self.key.with_name(f"{self.key.name}.pub").read_text()
        self.root("install -d -m 700 /root/.ssh; cat >/root/.ssh/authorized_keys", said=public)
        self.wait()
        return self

    def __exit__(self, *_error: object) -> None:
        self.engine.docker("rm", "--force", "--time", "0", self.id)

    def wait(self) -> None:
        """Return once it has started."""
        states = ("running", "degraded")
        eventually(
            lambda: self.root("systemctl is-system-running", check=False).strip() in states,
            "the server starts",
            PATIENCE,
        )

    def root(self, command: str, *, said: str = "", check: bool = True) -> str:
        """Run a line of shell on it, as root and past ssh; return what it printed."""
        words = ["exec", "--interactive", self.id, "sh", "-c", command]
        return self.engine.type(["docker", *words], check=check, said=said).stdout

    def reboot(self) -> None:
        """Pull the plug, and put it in again."""
        self.engine.docker("kill", "--signal", "KILL", self.id)
        self.engine.docker("start", self.id)
        self.wait()
