"""podman with a storage of its own, which is removed when the tests end or are killed."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

import pytest

PROGRAMS = {"podman": "podman", "runc": "runc", "debootstrap": "debootstrap",
            "ssh": "openssh-client", "git": "git"}  # fmt: skip
SHARED_IMAGES = Path("/var/lib/containers/storage")  # images are built once and kept here

CONTAINERS_CONF = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"] # some machines forbid root's own
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file" # shared memory would be shared with other podman instances
tmp_dir = "{folder}/t"
"""
STORAGE_CONF = """
[storage]
driver = "overlay"
graphroot = "{folder}/storage"
runroot = "{folder}/run"
[storage.options]
additionalimagestores = [{shared}]
"""
# Runs beside the tests. Its standard input closes when they end, in whatever way.
CLEANUP = """
trap '' INT TERM HUP
read -r _ || sleep 3 # killed: a `podman run` may still be starting a container
podman rm --force --all --time 0 --volumes
awk '{{ print $2 }}' /proc/self/mounts | grep ^{folder}/ | sort -r | xargs -r -n 1 umount --lazy
rm -rf {folder}
"""

Done = subprocess.CompletedProcess[str]


def skip_unless_available() -> None:
    """Skip the test if containers cannot run here."""
    for program, package in PROGRAMS.items():
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: sudo apt install {package}")
    if os.geteuid() != 0:
        pytest.skip("Containers with systemd need root: run these tests as root.")


class Podman:
    """Runs podman with its own configuration."""

    def __enter__(self) -> Self:
        # Not in pytest's directory: the path of a socket must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="pod"))
        shared = f'"{SHARED_IMAGES}"' if SHARED_IMAGES.is_dir() else ""
        (self.folder / "storage.conf").write_text(
            STORAGE_CONF.format(folder=self.folder, shared=shared)
        )
        (self.folder / "containers.conf").write_text(CONTAINERS_CONF.format(folder=self.folder))
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
        }
        self.cleanup = subprocess.Popen(
            ["sh", "-c", CLEANUP.format(folder=self.folder)],
            env=self.environment, stdin=subprocess.PIPE, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return self

    def __exit__(self, *_error: object) -> None:
        self.cleanup.communicate(b"end\n")

    def __call__(self, *arguments: str, check: bool = True) -> Done:
        """Run a podman command."""
        return self.run(["podman", *arguments], check=check)

    def run(self, command: list[str], *, check: bool = True, stdin: str = "") -> Done:
        """Run any command; stdout and stderr are combined."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, input=stdin,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
        return done
