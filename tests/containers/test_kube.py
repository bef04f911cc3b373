"""The pods of deploy/kubernetes at work: the gate, what they may do, and how they end."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPException

import pytest

from tests.system.servers import connect, eventually, fetch

from .engine import PATIENCE, Engine
from .kube import JOB, WEB, WORKER, Kube

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("containers")]

WORKS = "The worker does the jobs of redis:"
# Of a pod's first process: nobody in particular, who can become nobody else.
CONFINED = {
    "Uid": "10001",
    "Gid": "10001",
    "CapEff": "0000000000000000",
    "CapBnd": "0000000000000000",
    "NoNewPrivs": "1",
    "Seccomp": "2",
}


def status(kube: Kube, path: str) -> int:
    """Return what the site answers; 0 if it does not."""
    try:
        return fetch(connect(kube.address), path).status
    except (OSError, HTTPException):
        return 0


@pytest.fixture(scope="module")
def kube(engine: Engine, image: str) -> Iterator[Kube]:
    """The site started, and not yet deployed."""
    assert image
    with ExitStack() as stack:
        kube = Kube(stack, engine)
        kube.play(WEB)
        eventually(lambda: status(kube, "/healthz") == 200, "the site is alive", PATIENCE)
        yield kube


@pytest.fixture(scope="module")
def before(kube: Kube) -> int:
    """What /readyz said before the database was deployed."""
    return status(kube, "/readyz")


@pytest.fixture(scope="module")
def site(kube: Kube, before: int) -> Kube:
    """The site with its database and a worker."""
    assert before
    kube.play(JOB)
    assert kube.wait_for_end(JOB) == 0, kube.log(JOB)
    kube.play(WORKER)
    eventually(lambda: WORKS in kube.log(WORKER), WORKS, PATIENCE)
    return kube


def test_site_is_alive_and_not_ready_until_the_job_is_done(before: int, site: Kube) -> None:
    assert before == 503
    assert WORKS in site.log(WORKER)
    assert "Deployed." in site.log(JOB)
    eventually(lambda: status(site, "/readyz") == 200, "the site is ready", PATIENCE)


def test_settings_are_those_of_the_map_and_the_secret(site: Kube) -> None:
    told = site.run(WEB, "flask", "config", "FLASKY_URL", "MAIL_PASSWORD", "REDIS_URL")

    assert "https://flasky.example.com" in told
    assert "of the mail server" not in told
    assert "redis:6379" in told


@pytest.mark.parametrize("name", [WEB, WORKER])
def test_pod_can_do_no_more_than_it_must(site: Kube, name: str) -> None:
    lines = site.run(name, "cat", "/proc/1/status").splitlines()
    found = {line.split(":")[0]: line.split()[1] for line in lines if len(line.split()) > 1}

    assert {key: found[key] for key in CONFINED} == CONFINED
    denied = site.run(name, "sh", "-c", "touch /srv/flasky/x 2>&1 || true")
    assert re.search("Read-only file system", denied)


@pytest.mark.parametrize("name", [WORKER, WEB])
def test_pod_ends_when_it_is_told_to(site: Kube, name: str) -> None:
    site.stop(name)

    assert site.wait_for_end(name) == 0, site.log(name)
