"""A bare Debian server in a container: systemd, sshd with one key, and nothing else.

Its ports are published on 127.0.0.1. `root()` runs commands on it without ssh.
"""

import subprocess
import tempfile
import zlib
from pathlib import Path
from typing import Self

from fasteners import InterProcessLock

from tests.support.base_images import CERTIFICATES, base_image, ca_certificates
from tests.support.mailbox import free_port
from tests.support.podman import TIMEOUT, Podman
from tests.support.servers import eventually

PACKAGES = "systemd systemd-sysv openssh-server libpam-systemd"
DOWNLOADED = "nginx git make python3-venv postgresql redis-server certbot ufw"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Packages that the guide installs are downloaded once, not for each server. Servers get host keys
# of their own. dpkg does not sync: no test cuts the power of the host.
DOCKERFILE = f"""FROM {{base}}
COPY certificates {CERTIFICATES}
RUN echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/tests && apt-get update -qq && \\
    apt-get install -qq -y --no-install-recommends {PACKAGES} >/dev/null && apt-get clean && \\
    apt-get install -qq -y --no-install-recommends --download-only \\
        {DOWNLOADED} >/dev/null
RUN rm -f /etc/ssh/ssh_host_* && mkdir /etc/systemd/system/ssh.service.d && \\
    printf '[Service]\\nExecStartPre=\\nExecStartPre=/usr/bin/ssh-keygen -A\\n' \\
        >/etc/systemd/system/ssh.service.d/keys.conf
"""
LOCK = Path(tempfile.gettempdir()) / "server-of-containers.lock"  # of all processes


def server_image() -> str:
    """Return the image of a bare server; it is built once and kept."""
    with InterProcessLock(LOCK):
        dockerfile = DOCKERFILE.format(base=base_image())
        image = f"localhost/server:{zlib.crc32(dockerfile.encode()):08x}"
        if subprocess.run(["podman", "image", "exists", image], check=False).returncode:
            with tempfile.TemporaryDirectory() as context:
                Path(context, "Dockerfile").write_text(dockerfile)
                Path(context, "certificates").write_bytes(ca_certificates())
                ulimits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
                build = [
                    "podman",
                    "--runtime",
                    "runc",
                    "build",
                    *ulimits,
                    "--quiet",
                    "--tag",
                    image,
                ]
                subprocess.run([*build, context], check=True, stdout=subprocess.DEVNULL)
    return image


class BareDebian:
    """A server with published ports; it runs from entry to exit."""

    def __init__(self, engine: Podman, *options: str) -> None:
        self.engine = engine
        self.ports = {port: free_port() for port in (22, 80, 443)}
        published = [
            f"--publish=127.0.0.1:{host}:{container}" for container, host in self.ports.items()
        ]
        flags = ("--detach", "--systemd=always", "--privileged", "--hostname", "server", *options)
        completed = engine.docker(
            "run", *flags, *published, server_image(), "/lib/systemd/systemd"
        )
        self.id = completed.stdout.split()[-1]
        self.init_pid = self._init_pid()

    def __enter__(self) -> Self:
        self.wait()
        return self

    def __exit__(self, *_error: object) -> None:
        self.engine.docker("rm", "--force", "--time", "0", self.id)

    def wait(self) -> None:
        """Return once systemd has started."""
        states = ("running", "degraded")
        eventually(
            lambda: self.root("systemctl is-system-running", check=False).strip() in states,
            "the server starts",
            TIMEOUT,
        )

    def authorize_key(self, public: str) -> None:
        """Allow the ssh key `public` to log in as root."""
        self.root("mkdir -p -m 700 /root/.ssh; cat >>/root/.ssh/authorized_keys", stdin=public)

    def root(self, command: str, *, stdin: str = "", check: bool = True) -> str:
        """Run a shell command as root, without ssh; return its output."""
        # Faster than `podman exec`, which starts three processes.
        words = [f"--target={self.init_pid}", "--all", "--root", "--wd", "env", "-i", PATH]
        return self.engine.run(
            ["nsenter", *words, "sh", "-c", command], check=check, stdin=stdin
        ).stdout

    def power_cycle(self) -> None:
        """Kill every process at once, and start the server again."""
        self.engine.docker("kill", "--signal", "KILL", self.id)
        self.engine.docker("start", self.id)
        self.init_pid = self._init_pid()

    def _init_pid(self) -> str:
        return self.engine.docker("inspect", "--format={{.State.Pid}}", self.id).stdout.strip()
