"""A bare Debian: systemd, sshd with one key, and nothing else. Several can run, side by side.

Its ports are published on 127.0.0.1 alone. Whatever is typed on it goes by `root()`; the tests of
deploys never use that, but to look.
"""

import subprocess
import tempfile
import zlib
from pathlib import Path
from typing import Self

from fasteners import InterProcessLock

from hosting.setup import NEEDED
from tests.mailbox import free_port
from tests.system.servers import eventually

from .engine import PATIENCE, Engine
from .images import CERTIFICATES, base_name, own_certificates

PACKAGES = "systemd systemd-sysv openssh-server libpam-systemd"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Whoever starts from the same image must not have the same host keys. What `hosting setup` wants
# is not installed, but lies there: it is fetched once, and not for each server. And no test pulls
# the plug of this machine's disk, so dpkg need not wait for it at every file.
DOCKERFILE = f"""FROM {{base}}
COPY certificates {CERTIFICATES}
RUN echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/tests && apt-get update -qq && \\
    apt-get install -qq -y --no-install-recommends {PACKAGES} >/dev/null && apt-get clean && \\
    apt-get install -qq -y --no-install-recommends --download-only \\
        {NEEDED} postgresql redis-server certbot pebble >/dev/null
RUN rm -f /etc/ssh/ssh_host_* && mkdir /etc/systemd/system/ssh.service.d && \\
    printf '[Service]\\nExecStartPre=\\nExecStartPre=/usr/bin/ssh-keygen -A\\n' \\
        >/etc/systemd/system/ssh.service.d/keys.conf
"""


def provide() -> str:
    """Return the image of a bare server, which is made once and kept, as its base is."""
    with InterProcessLock(Path(tempfile.gettempdir()) / "server-of-containers.lock"):
        dockerfile = DOCKERFILE.format(base=base_name())
        image = f"localhost/server:{zlib.crc32(dockerfile.encode()):08x}"
        if subprocess.run(["podman", "image", "exists", image], check=False).returncode:
            with tempfile.TemporaryDirectory() as context:
                Path(context, "Dockerfile").write_text(dockerfile)
                Path(context, "certificates").write_bytes(own_certificates())
                few = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
                build = ["podman", "--runtime", "runc", "build", *few, "--quiet", "--tag", image]
                subprocess.run([*build, context], check=True, stdout=subprocess.DEVNULL)
    return image


class Bare:
    """A server, with ports of its own here; it runs from entering to leaving."""

    def __init__(self, engine: Engine, *more: str) -> None:
        self.engine = engine
        self.ports = {inside: free_port() for inside in (22, 80, 443)}
        published = [f"--publish=127.0.0.1:{here}:{there}" for there, here in self.ports.items()]
        flags = ("--detach", "--systemd=always", "--privileged", "--hostname", "server", *more)
        done = engine.docker("run", *flags, *published, provide(), "/lib/systemd/systemd")
        self.id = done.stdout.split()[-1]
        self.first_process = self._first_process()

    def __enter__(self) -> Self:
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

    def let_in(self, public: str) -> None:
        """Let whoever has the key to `public` come as root."""
        self.root("mkdir -p -m 700 /root/.ssh; cat >>/root/.ssh/authorized_keys", said=public)

    def root(self, command: str, *, said: str = "", check: bool = True) -> str:
        """Run a line of shell on it, as root and past ssh; return what it printed."""
        # `podman exec` would do, but starts three programs for it, and some tests look often.
        words = [f"--target={self.first_process}", "--all", "--root", "--wd", "env", "-i", PATH]
        return self.engine.type(
            ["nsenter", *words, "sh", "-c", command], check=check, said=said
        ).stdout

    def cut_power(self) -> None:
        """Pull the plug, and put it in again."""
        self.engine.docker("kill", "--signal", "KILL", self.id)
        self.engine.docker("start", self.id)
        self.first_process = self._first_process()

    def _first_process(self) -> str:
        return self.engine.docker("inspect", "--format={{.State.Pid}}", self.id).stdout.strip()
