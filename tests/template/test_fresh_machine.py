"""`make run` and `make test` on a fresh Debian that has only the packages named in the README.

The commands run one after the other in one clone, as a newcomer runs them. On CI, which has run
all tests already, `make test` runs a sample of them here: enough to show that everything is
installed, that PostgreSQL starts, and that a test skips if a program is missing.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import IO

import pytest

from tests.support.base_images import CERTIFICATES, base_image, ca_certificates
from tests.support.podman import Completed, Podman
from tests.support.repository import ROOT, files
from tests.support.servers import eventually

PACKAGES = re.findall(r"sudo apt install ([\w -]+)", (ROOT / "README.md").read_text())
DOCKERFILE = f"""FROM {{base}}
COPY certificates {CERTIFICATES}
RUN apt-get update -qq && \\
    apt-get install -qq -y --no-install-recommends {" ".join(PACKAGES)} >/dev/null && \\
    useradd --create-home ann
COPY flasky.tar /
USER ann
WORKDIR /home/ann
RUN mkdir origin flasky && tar -C origin -xf /flasky.tar && cd origin && git init --quiet && \\
    git add . && git -c user.name=ann -c user.email=ann@example.com commit --quiet -m All
WORKDIR /home/ann/flasky
"""
SAMPLE = "-k 'browser or migrations or agent'"
GET = "from urllib.request import urlopen; urlopen('http://127.0.0.1:5000/')"

pytestmark = pytest.mark.fresh
DEBIAN = [pytest.param(x, marks=pytest.mark.xdist_group(x)) for x in ("bookworm", "trixie")]


class Machine:
    """A container in which an ordinary user runs commands in a fresh clone."""

    def __init__(self, engine: Podman, image: str) -> None:
        self.engine = engine
        variables = [f"--env={name}={value}" for name, value in package_index().items()]
        done = engine.docker("run", "--detach", "--init", *variables, image, "sleep", "infinity")
        self.id = done.stdout.split()[-1]
        self.run("git", "clone", "--quiet", "../origin", ".")

    def run(self, *words: str, check: bool = True) -> Completed:
        """Run a command in the clone."""
        return self.engine.docker("exec", self.id, *words, check=check)

    @contextmanager
    def output(self, *words: str) -> Iterator[IO[str]]:
        """Start a command in the clone, and stop it when the context is left."""
        command = ["docker", "exec", self.id, *words]
        environment, pipe = self.engine.environment, subprocess.PIPE
        with subprocess.Popen(command, env=environment, stdout=pipe, text=True) as process:
            assert process.stdout is not None
            try:
                yield process.stdout
            finally:
                process.terminate()


def package_index() -> dict[str, str]:
    """Return the variables that pip and uv need in a container to reach a package index.

    It is PyPI, unless this machine is configured for another one or for a proxy. uv does not use
    the certificates of the system by default.
    """
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    options = re.findall(r"\.(index-url|proxy|trusted-host)='(.+)'$", listed, re.MULTILINE)
    configured = {f"PIP_{name.replace('-', '_').upper()}": value for name, value in options}
    inherited = re.compile(r"(https?|no)_proxy|UV_(DEFAULT_INDEX|INDEX_URL)", re.IGNORECASE)
    environment = {name: os.environ[name] for name in os.environ if inherited.fullmatch(name)}
    fixed = {"SSL_CERT_FILE": CERTIFICATES, "PIP_NO_COMPILE": "1"}  # the latter saves time
    return fixed | configured | environment


@pytest.fixture(scope="module")
def engine() -> Iterator[Podman]:
    with Podman() as running:
        yield running


@pytest.fixture(scope="module", params=DEBIAN)
def image(
    request: pytest.FixtureRequest, engine: Podman, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """A fresh Debian 12 or 13, and the repository."""
    context = tmp_path_factory.mktemp("context")
    base = base_image(f"localhost/base:{request.param}")
    (context / "Dockerfile").write_text(DOCKERFILE.format(base=base))
    (context / "certificates").write_bytes(ca_certificates())
    subprocess.run(["tar", "-cf", context / "flasky.tar", *files()], cwd=ROOT, check=True)
    tag = f"fresh:{request.param}"
    engine.docker("build", "--quiet", "--tag", tag, str(context))
    return tag


@pytest.fixture(scope="module")
def machine(engine: Podman, image: str) -> Iterator[Machine]:
    running = Machine(engine, image)
    yield running
    engine.docker("rm", "--force", "--time", "0", running.id)


def test_make_run_serves_the_site(machine: Machine) -> None:
    with machine.output("make", "run") as lines:
        output = "".join(takewhile(lambda line: "Ctrl-C" not in line, lines))
        assert output.count("password: ") == 3, output
        eventually(lambda: machine.run("python3", "-c", GET, check=False).returncode == 0)


def test_make_test_passes(machine: Machine) -> None:
    options = SAMPLE if os.environ.get("CI") else ""

    done = machine.run("env", f"PYTEST_ADDOPTS={options}", "make", "test", check=False)

    assert done.returncode == 0, done.stdout
    assert "sudo apt install chromium-headless-shell" in done.stdout
