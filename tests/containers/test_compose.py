"""compose.yaml: `docker compose up`, and nothing else, and what it leads to."""

import re
import subprocess
import sys
from collections.abc import Iterable
from functools import partial
from typing import Any

import pytest
import yaml

from tests.repository import ROOT
from tests.system.servers import connect
from tests.system.visitor import Browser

from .stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("containers")]

FILE = ROOT / "compose.yaml"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text())["services"]
OURS = {"deploy", "secrets", "web", "worker"}
LASTING = {"database", "redis", "web", "worker"}
EMAIL, PASSWORD = "ann@example.com", "correct horse battery"


def browser(stack: Stack) -> Browser:
    return Browser(f"http://{stack.host}", partial(connect, stack.host))


@pytest.fixture(scope="module")
def ann(stack: Stack) -> Browser:
    """Somebody who has an account and has logged in."""
    create = "docker compose exec -T web flask users create ann@example.com ann"
    stack.type(f"{create} --role Administrator", said=f"{PASSWORD}\n{PASSWORD}\n")
    return browser(stack).log_in(EMAIL, PASSWORD)


def test_file_is_what_the_specification_of_compose_asks_for() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(FILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_arguments_of_the_build_are_those_of_the_dockerfile() -> None:
    arguments = re.findall(r"^ARG (\w+)=", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert list(SERVICES["web"]["build"]["args"]) == arguments


def test_up_alone_is_enough(stack: Stack, ann: Browser) -> None:
    ready = browser(stack).get("/readyz")
    assert (ready.status, ready.body.strip()) == (200, b'{"status":"ready"}')
    assert b"/user/ann" in ann.get("/").body
    ended = {
        name: container["State"]["ExitCode"]
        for name, container in stack.containers().items()
        if not container["State"]["Running"]
    }
    assert ended == {"secrets": 0, "deploy": 0}
    assert "The worker does the jobs of redis:" in stack.type("docker compose logs worker").stdout


def test_nothing_but_the_site_can_be_reached(stack: Stack) -> None:
    said = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert said == {"web": ["${FLASKY_PUBLISH:-127.0.0.1:8000}:8000"]}
    published = {
        name: [f"{place['HostIp']}:{place['HostPort']}" for places in ports for place in places]
        for name, container in stack.containers().items()
        if (ports := [found for found in container["NetworkSettings"]["Ports"].values() if found])
    }
    assert published == {"web": [stack.address]}


def test_secrets_are_in_files_of_those_who_need_them_alone(stack: Stack) -> None:
    folder = "/run/secrets"
    listed = {
        name: set(stack.type(f"docker compose exec -T {name} ls {folder}").stdout.split())
        for name in ("database", "web", "worker")
    }
    site = {"secret_key", "database_url"}
    assert listed == {"database": {"password"}, "web": site, "worker": site}
    secrets = stack.type(f"docker compose exec -T web cat {folder}/secret_key").stdout.split()
    secrets += stack.type(f"docker compose exec -T database cat {folder}/password").stdout.split()
    known = str(stack.containers())
    assert len(set(secrets)) == 2
    for secret in secrets:
        assert len(secret) > 40
        assert secret not in known


@pytest.mark.parametrize("service", SERVICES)
def test_container_can_do_no_more_than_it_must(stack: Stack, service: str) -> None:
    host = stack.containers()[service]["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert host["Privileged"] is False
    assert any(option.startswith("no-new-privileges") for option in host["SecurityOpt"])
    if service in LASTING:
        status = stack.type(f"docker compose exec -T {service} cat /proc/1/status").stdout
        assert re.findall(r"^Uid:\s+(\d+)", status, re.MULTILINE) != ["0"]
        assert re.findall(r"^Cap(?:Eff|Bnd):\s+(\w+)", status, re.MULTILINE) == ["0" * 16] * 2


def test_database_is_asked_for_nothing_before_it_answers_and_is_migrated() -> None:
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


def test_nobody_starts_before_what_they_wait_for_has_ended(stack: Stack) -> None:
    containers = stack.containers()
    deployed = containers["deploy"]["State"]["FinishedAt"]
    for name in ("web", "worker"):
        assert containers[name]["State"]["StartedAt"] >= deployed
    assert (
        containers["deploy"]["State"]["StartedAt"] >= containers["secrets"]["State"]["FinishedAt"]
    )


def test_second_up_changes_nothing(stack: Stack, ann: Browser) -> None:
    before = {name: stack.containers()[name]["Id"] for name in LASTING}
    stack.type("docker compose up -d")
    assert {name: stack.containers()[name]["Id"] for name in LASTING} == before
    assert "Migrations: up to date" in stack.type("docker compose logs deploy").stdout
    assert b"/user/ann" in ann.get("/").body
