"""The pods of deploy/kubernetes: the init container, privileges, and shutdown."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPException

import pytest

from tests.platforms.containers.kube import JOB, WEB, WORKER, Kube
from tests.support.podman import TIMEOUT, Podman
from tests.support.servers import connect, eventually, fetch

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("containers")]

WORKER_STARTED = "Worker started: threads: 2"
# Of the main process of a pod: an unprivileged user that cannot gain privileges.
RESTRICTIONS = {
    "Uid": "10001",
    "Gid": "10001",
    "CapEff": "0000000000000000",
    "CapBnd": "0000000000000000",
    "NoNewPrivs": "1",
    "Seccomp": "2",
}


def status(kube: Kube, path: str) -> int:
    """Return the status of the response, or 0."""
    try:
        return fetch(connect(kube.address), path).status
    except (OSError, HTTPException):
        return 0


@pytest.fixture(scope="module")
def kube(engine: Podman, image: str) -> Iterator[Kube]:
    """The started pods, before `flask deploy`."""
    assert image
    with ExitStack() as stack:
        kube = Kube(stack, engine)
        kube.play(WEB)
        eventually(lambda: status(kube, "/healthz") == 200, "the site is alive", TIMEOUT)
        yield kube


@pytest.fixture(scope="module")
def before(kube: Kube) -> int:
    """The status of /readyz before `flask deploy`."""
    return status(kube, "/readyz")


@pytest.fixture(scope="module")
def site(kube: Kube, before: int) -> Kube:
    """The deployed site, with a worker."""
    assert before
    kube.play(JOB)
    assert kube.wait_for_exit(JOB) == 0, kube.log(JOB)
    kube.play(WORKER)
    eventually(lambda: WORKER_STARTED in kube.log(WORKER), WORKER_STARTED, TIMEOUT)
    return kube


def test_site_is_ready_after_the_deploy_job(before: int, site: Kube) -> None:
    assert before == 503
    assert WORKER_STARTED in site.log(WORKER)
    assert "Deployed." in site.log(JOB)
    eventually(lambda: status(site, "/readyz") == 200, "the site is ready", TIMEOUT)


def test_settings_come_from_the_configmap_and_the_secret(site: Kube) -> None:
    output = site.run(WEB, "flask", "config", "SITE_URL", "MAIL_PASSWORD", "REDIS_URL")

    assert "https://flasky.example.com" in output
    assert "mail-password" not in output
    assert "redis:6379" in output


@pytest.mark.parametrize("name", [WEB, WORKER])
def test_pod_has_no_privileges(site: Kube, name: str) -> None:
    lines = site.run(name, "cat", "/proc/1/status").splitlines()
    found = {line.split(":")[0]: line.split()[1] for line in lines if len(line.split()) > 1}

    assert {key: found[key] for key in RESTRICTIONS} == RESTRICTIONS
    denied = site.run(name, "sh", "-c", "touch /srv/flasky/x 2>&1 || true")
    assert re.search("Read-only file system", denied)


@pytest.mark.parametrize("name", [WORKER, WEB])
def test_pod_stops_within_its_grace_period(site: Kube, name: str) -> None:
    site.stop(name)

    assert site.wait_for_exit(name) == 0, site.log(name)
