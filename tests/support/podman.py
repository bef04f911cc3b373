"""Debian's podman with its own images, containers and volumes, which are deleted afterwards.

A `docker` command that calls podman lets documented docker commands run unchanged.
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

from tests.support.servers import eventually

PROGRAMS = ("podman", "runc", "debootstrap", "catatonit")
# Plugins that resolve container names, one for each kind of network that podman has.
DNS_PLUGINS = {
    "/usr/lib/cni/dnsname": "golang-github-containernetworking-plugin-dnsname",
    "/usr/lib/podman/aardvark-dns": "aardvark-dns",
}
TIMEOUT = 60  # seconds for any operation, also on a busy machine
SHARED_IMAGES = Path(
    "/var/lib/containers/storage"
)  # root's default storage, which has the base image

SETTINGS = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"] # some machines refuse the defaults
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file" # shared-memory locks are shared by all podman processes
tmp_dir = "{folder}/t"
[network]
network_config_dir = "{folder}/networks"
default_subnet_pools = [{{"base" = "10.{number}.0.0/16", "size" = 24}}] # each its own
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

Completed = subprocess.CompletedProcess[str]


class Podman:
    """podman, and an environment in which it is called docker."""

    def __init__(self) -> None:
        for program in PROGRAMS:
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed: sudo apt install {program}")
        if not any(Path(program).exists() for program in DNS_PLUGINS):
            packages = " or ".join(DNS_PLUGINS.values())
            pytest.skip(f"podman cannot resolve container names: sudo apt install {packages}")
        if os.geteuid() != 0:
            pytest.skip("These tests need rootful podman: run them as root.")

    def __enter__(self) -> Self:
        # Not in pytest's folder: the path of a Unix socket must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="pod"))
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        (self.bin / "docker").write_text(DOCKER)
        (self.bin / "docker").chmod(0o755)
        shared = f'"{SHARED_IMAGES}"' if SHARED_IMAGES.is_dir() else ""
        values = {"folder": self.folder, "shared": shared}
        number = random.randint(100, 254)
        (self.folder / "storage.conf").write_text(STORAGE.format(**values))
        (self.folder / "containers.conf").write_text(SETTINGS.format(**values, number=number))
        self.environment = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
            "DISABLE_HC_SYSTEMD": "true",  # there may be no systemd: see running_healthchecks()
            "BUILDAH_FORMAT": "docker",  # OCI images have no healthchecks
            "BUILDAH_LAYERS": "false",  # no build cache: there is one build
            "DOCKER_BUILDKIT": "0",
            "DOCKER_HOST": f"unix://{self.folder}/socket",
        }
        used = self.docker("info", "--format", "{{.Store.GraphRoot}}").stdout.strip()
        assert used == f"{self.folder}/storage", "podman does not use the storage of the tests."
        command = ["podman", "system", "service", "--time", "0", self.environment["DOCKER_HOST"]]
        null = subprocess.DEVNULL
        self.service = subprocess.Popen(command, env=self.environment, stdout=null, stderr=null)
        return self

    def __exit__(self, *_error: object) -> None:
        self.docker("rm", "--force", "--all", "--time", "0", "--volumes", check=False)
        self.docker("network", "prune", "--force", check=False)
        self.service.terminate()
        self.service.wait(TIMEOUT)
        # A conmon process may still write there.
        eventually(self._delete_folder, f"{self.folder} cannot be deleted", TIMEOUT)

    def _delete_folder(self) -> bool:
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for mount in reversed(mounts):
            if mount.startswith(f"{self.folder}/"):
                subprocess.run(["umount", "--lazy", mount], check=False)
        command = ["rm", "-rf", str(self.folder)]  # faster than shutil
        return subprocess.run(command, check=False).returncode == 0

    def docker(self, *arguments: str, check: bool = True) -> Completed:
        """Run a docker command."""
        return self.run(["docker", *arguments], check=check)

    def run(
        self, command: list[str], cwd: Path | None = None, *, check: bool = True, stdin: str = ""
    ) -> Completed:
        """Run a command with stderr in stdout; fail, unless `check` is False, if it fails."""
        completed = subprocess.run(
            command,
            cwd=cwd or self.folder,
            env=self.environment,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert not check or completed.returncode == 0, f"{' '.join(command)}\n{completed.stdout}"
        return completed

    def ids(self) -> list[str]:
        """Return the IDs of the running containers."""
        return self.docker("ps", "--quiet").stdout.split()

    @contextmanager
    def running_healthchecks(self) -> Iterator[None]:
        """Run the healthchecks of all containers meanwhile, as systemd timers do for podman."""
        stopped = Event()

        def run() -> None:
            while not stopped.wait(0.5):
                for id in self.ids():
                    self.docker("healthcheck", "run", id, check=False)

        thread = Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join()
