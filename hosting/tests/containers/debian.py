"""A bare Debian server in a container: systemd, sshd with one key, and nothing else.

Its ports are published on 127.0.0.1. Tests deploy over ssh only; `root()` is for checks.
"""

import fcntl
import os
import random
import shutil
import socket
import ssl
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from hosting.setup import PACKAGES

from .podman import Podman
from .web import wait_until

BASE = "localhost/base:bookworm"
BASE_PACKAGES = "python3,python3-venv,python3-pip,ca-certificates"
SERVER_PACKAGES = "systemd systemd-sysv openssh-server libpam-systemd"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")
# The packages that setup installs are downloaded once, but not installed. Containers of the same
# image must not share host keys.
DOCKERFILE = f"""FROM {{base}}
COPY certificates {CERTIFICATES}
RUN echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/tests && apt-get update -qq && \\
    apt-get install -qq -y --no-install-recommends {SERVER_PACKAGES} >/dev/null && \\
    apt-get clean && apt-get install -qq -y --no-install-recommends --download-only \\
        {PACKAGES} systemd-timesyncd postgresql redis-server certbot restic pebble \\
        >/dev/null
RUN rm -f /etc/ssh/ssh_host_* && mkdir /etc/systemd/system/ssh.service.d && \\
    printf '[Service]\\nExecStartPre=\\nExecStartPre=/usr/bin/ssh-keygen -A\\n' \\
        >/etc/systemd/system/ssh.service.d/keys.conf
"""
# Saves the time of the installation where it is not what is tested.
WITH_PACKAGES = f"""FROM {{base}}
RUN printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && \\
    chmod 755 /usr/sbin/policy-rc.d && \\
    apt-get install -qq -y --no-install-recommends {PACKAGES} systemd-timesyncd \\
        pebble >/dev/null && \\
    rm /usr/sbin/policy-rc.d
"""


def image(*, has_packages: bool) -> str:
    """Return the image of a server; build it, and its base, unless they exist."""
    base = os.environ.get("BASE", BASE)
    with lock("hosting-images.lock"), tempfile.TemporaryDirectory(prefix="image") as folder:
        if not exists(base):
            bootstrap(base, f"{folder}/base")
        bare = build(folder, DOCKERFILE.format(base=base))
        return build(folder, WITH_PACKAGES.format(base=bare)) if has_packages else bare


def build(folder: str, dockerfile: str) -> str:
    """Build an image unless it exists; return its name."""
    name = f"localhost/server:{zlib.crc32(dockerfile.encode()):08x}"
    if not exists(name):
        Path(folder, "Dockerfile").write_text(dockerfile)
        trusted = ssl.get_default_verify_paths().cafile or CERTIFICATES
        shutil.copy(trusted, f"{folder}/certificates")  # pip may need this machine's own
        podman = ["podman", "--runtime", "runc", "build", *LIMITS, "--quiet", "--tag", name]
        subprocess.run([*podman, folder], check=True, stdout=subprocess.DEVNULL)
    return name


def exists(image: str) -> bool:
    """Return True if an image has been built."""
    return subprocess.run(["podman", "image", "exists", image], check=False).returncode == 0


def bootstrap(name: str, folder: str) -> None:
    """Build a minimal Debian image; none can be pulled here."""
    suite = "trixie" if "trixie" in name else "bookworm"
    include = f"--include={BASE_PACKAGES}"
    debootstrap = ["debootstrap", "--variant=minbase", include, suite, folder]
    subprocess.run(debootstrap, check=True, stdout=subprocess.DEVNULL)
    with subprocess.Popen(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE) as tar:
        subprocess.run(["podman", "import", "-", name], stdin=tar.stdout, check=True)
    shutil.rmtree(folder)


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Hold a lock that is shared by all test processes of this machine."""
    with Path(tempfile.gettempdir(), name).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def free_port() -> int:
    """Return a port that is free now, and that no outgoing connection will take."""
    while True:
        port = random.randrange(20_000, 32_768)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class DebianServer:
    """A running server; `ports` are its ports 22, 80 and 443 on 127.0.0.1."""

    def __init__(self, podman: Podman, *, has_packages: bool = False) -> None:
        self.podman = podman
        self.ports = {inside: free_port() for inside in (22, 80, 443)}
        published = [f"--publish=127.0.0.1:{here}:{there}" for there, here in self.ports.items()]
        flags = ("--detach", "--systemd=always", "--privileged", "--hostname=server", *published)
        name = image(has_packages=has_packages)
        self.id = podman("run", *flags, name, "/lib/systemd/systemd").stdout.split()[-1]
        self.init_pid = self._init_pid()

    def __enter__(self) -> Self:
        states = ("running", "degraded")
        wait_until(
            lambda: self.root("systemctl is-system-running", check=False).strip() in states,
            "the server has booted",
        )
        return self

    def __exit__(self, *_error: object) -> None:
        self.podman("rm", "--force", "--time", "0", self.id)

    def authorize(self, public_key: str) -> None:
        """Let the owner of a key log in as root."""
        self.root("mkdir -p -m 700 /root/.ssh; cat >>/root/.ssh/authorized_keys", stdin=public_key)

    def root(self, command: str, *, stdin: str = "", check: bool = True) -> str:
        """Run a shell command as root, not through ssh; return its output."""
        # Faster than `podman exec`, which starts three processes.
        nsenter = ["nsenter", f"--target={self.init_pid}", "--all", "--root", "--wd"]
        shell = ["env", "-i", PATH, "sh", "-c", command]
        return self.podman.run([*nsenter, *shell], check=check, stdin=stdin).stdout

    def cut_power(self) -> None:
        """Kill the server and boot it again."""
        self.podman("kill", "--signal", "KILL", self.id)
        self.podman("start", self.id)
        self.init_pid = self._init_pid()

    def _init_pid(self) -> str:
        return self.podman("inspect", "--format={{.State.Pid}}", self.id).stdout.strip()
