"""compose.yaml: `docker compose up` starts the complete site."""

import re
import subprocess
import sys
from collections.abc import Iterable
from functools import partial
from typing import Any

import pytest
import yaml

from tests.platforms.containers.stack import Stack
from tests.support.raw_browser import RawBrowser
from tests.support.repository import ROOT
from tests.support.servers import connect

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("containers")]

FILE = ROOT / "compose.yaml"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text())["services"]
OURS = {"deploy", "secrets", "web", "worker"}
LASTING = {"database", "redis", "web", "worker"}
EMAIL, PASSWORD = "ann@example.com", "correct horse battery"


def browser(stack: Stack) -> RawBrowser:
    return RawBrowser(f"http://{stack.host}", partial(connect, stack.host))


@pytest.fixture(scope="module")
def ann(stack: Stack) -> RawBrowser:
    """A user who has logged in."""
    create = "docker compose exec -T web flask users create ann@example.com ann"
    stack.run(f"{create} --role Administrator", stdin=f"{PASSWORD}\n{PASSWORD}\n")
    return browser(stack).log_in(EMAIL, PASSWORD)


def test_file_conforms_to_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(FILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_build_arguments_are_those_of_the_dockerfile() -> None:
    arguments = re.findall(r"^ARG (\w+)=", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert list(SERVICES["web"]["build"]["args"]) == arguments


def test_up_starts_a_working_site(stack: Stack, ann: RawBrowser) -> None:
    ready = browser(stack).get("/readyz")
    assert (ready.status, ready.body.strip()) == (200, b'{"status":"ready"}')
    assert b"/user/ann" in ann.get("/").body
    ended = {
        name: container["State"]["ExitCode"]
        for name, container in stack.containers().items()
        if not container["State"]["Running"]
    }
    assert ended == {"secrets": 0, "deploy": 0}
    assert "Worker started: threads: 2" in stack.run("docker compose logs worker").stdout


def test_only_the_site_is_published(stack: Stack) -> None:
    said = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert said == {"web": ["${FLASKY_PUBLISH:-127.0.0.1:8000}:8000"]}
    published = {
        name: [f"{place['HostIp']}:{place['HostPort']}" for places in ports for place in places]
        for name, container in stack.containers().items()
        if (ports := [found for found in container["NetworkSettings"]["Ports"].values() if found])
    }
    assert published == {"web": [stack.address]}


def test_each_service_has_only_the_secrets_it_needs(stack: Stack) -> None:
    folder = "/run/secrets"
    listed = {
        name: set(stack.run(f"docker compose exec -T {name} ls {folder}").stdout.split())
        for name in ("database", "web", "worker")
    }
    site = {"secret_key", "database_url"}
    assert listed == {"database": {"password"}, "web": site, "worker": site}
    secrets = stack.run(f"docker compose exec -T web cat {folder}/secret_key").stdout.split()
    secrets += stack.run(f"docker compose exec -T database cat {folder}/password").stdout.split()
    known = str(stack.containers())
    assert len(set(secrets)) == 2
    for secret in secrets:
        assert len(secret) > 40
        assert secret not in known


@pytest.mark.parametrize("service", SERVICES)
def test_container_has_no_privileges(stack: Stack, service: str) -> None:
    host = stack.containers()[service]["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert host["Privileged"] is False
    assert any(option.startswith("no-new-privileges") for option in host["SecurityOpt"])
    if service in LASTING:
        status = stack.run(f"docker compose exec -T {service} cat /proc/1/status").stdout
        assert re.findall(r"^Uid:\s+(\d+)", status, re.MULTILINE) != ["0"]
        assert re.findall(r"^Cap(?:Eff|Bnd):\s+(\w+)", status, re.MULTILINE) == ["0" * 16] * 2


def test_services_wait_for_the_database_and_its_migrations() -> None:
    asked = {name: set(service.get("depends_on", ())) for name, service in SERVICES.items()}
    conditions = {
        (other, wait["condition"].removeprefix("service_"))
        for service in SERVICES.values()
        for other, wait in service.get("depends_on", {}).items()
    }
    assert asked["web"] == asked["worker"] == {"deploy", "redis"}
    assert asked["deploy"] == {"database", "secrets"}
    assert conditions == {
        ("deploy", "completed_successfully"),
        ("secrets", "completed_successfully"),
        ("database", "healthy"),
        ("redis", "healthy"),
    }


def started(containers: Iterable[dict[str, Any]], when: str) -> list[str]:
    return sorted(container["State"][when] for container in containers)


def test_services_start_after_the_services_they_depend_on(stack: Stack) -> None:
    containers = stack.containers()
    deployed = containers["deploy"]["State"]["FinishedAt"]
    for name in ("web", "worker"):
        assert containers[name]["State"]["StartedAt"] >= deployed
    assert (
        containers["deploy"]["State"]["StartedAt"] >= containers["secrets"]["State"]["FinishedAt"]
    )


def test_second_up_changes_nothing(stack: Stack, ann: RawBrowser) -> None:
    before = {name: stack.containers()[name]["Id"] for name in LASTING}
    stack.run("docker compose up -d")
    assert {name: stack.containers()[name]["Id"] for name in LASTING} == before
    assert "Migrations: up to date" in stack.run("docker compose logs deploy").stdout
    assert b"/user/ann" in ann.get("/").body
