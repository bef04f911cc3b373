"""Debian's podman with images, containers and volumes of its own, all gone afterwards.

It goes by the name of `docker` here: what is written for docker is typed as it stands.
"""

import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Self

import pytest

NEEDED = ("podman", "runc", "debootstrap", "catatonit")
# What lets containers find each other by name: of one kind of podman's networks, and of the other.
NAMING = {
    "/usr/lib/cni/dnsname": "golang-github-containernetworking-plugin-dnsname",
    "/usr/lib/podman/aardvark-dns": "aardvark-dns",
}
PATIENCE = 60  # seconds for whatever containers do, however busy the machine is
SHARED_IMAGES = Path("/var/lib/containers/storage")  # where the base lies that all is built on

SETTINGS = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"] # some machines refuse root's own
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file" # the other kind is shared with every podman of this machine
tmp_dir = "{folder}/t"
[network]
network_config_dir = "{folder}/networks"
default_subnet_pools = [{{"base" = "10.{number}.0.0/16", "size" = 24}}] # and no two take the same
"""
STORAGE = """
[storage]
driver = "overlay"
graphroot = "{folder}/storage"
runroot = "{folder}/run"
[storage.options]
additionalimagestores = [{shared}]
"""
DOCKER = """#!/bin/sh
if [ "$1" = compose ]; then
    shift
    exec docker-compose "$@"
fi
exec podman "$@"
"""

Done = subprocess.CompletedProcess[str]


class Engine:
    """podman, and a shell in which it is called docker."""

    def __init__(self) -> None:
        for program in NEEDED:
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed: sudo apt install {program}")
        if not any(Path(program).exists() for program in NAMING):
            packages = " or ".join(NAMING.values())
            pytest.skip(f"Containers have no names: sudo apt install {packages}")
        if os.geteuid() != 0:
            pytest.skip("Containers are tried as root alone: run these tests as root.")

    def __enter__(self) -> Self:
        # Not below pytest's folder: the path of a socket must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="pod"))
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        (self.bin / "docker").write_text(DOCKER)
        (self.bin / "docker").chmod(0o755)
        shared = f'"{SHARED_IMAGES}"' if SHARED_IMAGES.is_dir() else ""
        places = {"folder": self.folder, "shared": shared}
        number = random.randint(100, 254)
        (self.folder / "storage.conf").write_text(STORAGE.format(**places))
        (self.folder / "containers.conf").write_text(SETTINGS.format(**places, number=number))
        self.environment = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
            "DISABLE_HC_SYSTEMD": "true",  # it may not be there: see asking_for_health()
            "BUILDAH_FORMAT": "docker",  # the other format has no healthchecks
            "BUILDAH_LAYERS": "false",  # no cache for later builds: there are none
            "DOCKER_BUILDKIT": "0",
            "DOCKER_HOST": f"unix://{self.folder}/socket",
        }
        used = self.docker("info", "--format", "{{.Store.GraphRoot}}").stdout.strip()
        assert used == f"{self.folder}/storage", "These are not our own containers."
        command = ["podman", "system", "service", "--time", "0", self.environment["DOCKER_HOST"]]
        quiet = subprocess.DEVNULL
        self.service = subprocess.Popen(command, env=self.environment, stdout=quiet, stderr=quiet)
        return self

    def __exit__(self, *_error: object) -> None:
        self.docker("rm", "--force", "--all", "--time", "0", "--volumes", check=False)
        self.docker("network", "prune", "--force", check=False)
        self.service.terminate()
        self.service.wait(PATIENCE)
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for mount in reversed(mounts):
            if mount.startswith(f"{self.folder}/"):
                subprocess.run(["umount", "--lazy", mount], check=False)
        subprocess.run(["rm", "-rf", str(self.folder)], check=True)  # faster than Python

    def docker(self, *words: str, check: bool = True) -> Done:
        """Run a command of docker's."""
        return self.type(["docker", *words], check=check)

    def type(
        self, command: list[str], cwd: Path | None = None, *, check: bool = True, said: str = ""
    ) -> Done:
        """Run a command, and expect it to work; its two outputs are one."""
        done = subprocess.run(
            command,
            cwd=cwd or self.folder,
            env=self.environment,
            input=said,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
        return done

    def ids(self) -> list[str]:
        """Return the containers that run now."""
        return self.docker("ps", "--quiet").stdout.split()

    @contextmanager
    def asking_for_health(self) -> Iterator[None]:
        """Do meanwhile what systemd's timers do for podman: ask each container for its health."""
        over = Event()

        def ask() -> None:
            while not over.wait(0.5):
                for id in self.ids():
                    self.docker("healthcheck", "run", id, check=False)

        asking = Thread(target=ask)
        asking.start()
        try:
            yield
        finally:
            over.set()
            asking.join()
