"""docs/deploying/kubernetes.md agrees with the manifests.

`kubectl` needs a cluster, so its arguments are compared with the manifests. Commands that need
neither a cluster nor a registry run.
"""

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from app.cli import COMMANDS, load
from tests.platforms.kubernetes import rules
from tests.platforms.kubernetes.cluster import Cluster
from tests.platforms.kubernetes.kustomize import MANIFESTS
from tests.support.doc_commands import commands
from tests.support.environment_variables import environment_variables
from tests.support.repository import ROOT

PAGE = ROOT / "docs/deploying/kubernetes.md"
TEXT = PAGE.read_text()
DOCUMENTED = [command.text for command in commands(PAGE)]
# These need a cluster or a registry.
NOT_RUN = ("kubectl ", "docker push ", "docker build ")
OVERLAY = "deploy/kubernetes/overlays/production"
KUBECTL = [text for text in DOCUMENTED if text.startswith("kubectl ")]


def test_commands_without_a_cluster_have_the_documented_output(tmp_path: Path) -> None:
    shutil.copytree(MANIFESTS, tmp_path / "deploy/kubernetes")
    local = [text for text in DOCUMENTED if not text.startswith(NOT_RUN)]
    for text in local:
        subprocess.run(["sh", "-c", text], cwd=tmp_path, check=True, capture_output=True)

    assert len(local) == 2
    assert (tmp_path / OVERLAY / "kustomization.yaml").is_file()


@pytest.mark.parametrize("text", KUBECTL)
def test_kubectl_arguments_name_existing_objects(example: Cluster, text: str) -> None:
    named = re.findall(r"\b(deployment|job)/([\w-]+)", text)
    there = {
        (kind.lower(), name) for kind in ("Deployment", "Job") for name in example.names(kind)
    }
    paths = re.findall(r" -[fk] (deploy/\S+)", text)
    secrets = set(re.findall(r"create secret generic (\S+)", text))
    spaces = set(re.findall(r" -n (\S+)", text))

    assert set(named) <= there
    assert all((ROOT / path.replace("production", "example")).exists() for path in paths)
    assert secrets <= rules.SECRETS
    assert spaces <= example.names("Namespace")
    assert named or paths or secrets or spaces


def test_secrets_of_the_pods_are_created() -> None:
    created = set(re.findall(r"create secret generic (\S+)", " ".join(KUBECTL)))
    assert created == rules.SECRETS


def test_certificate_of_the_ingress_is_created(example: Cluster) -> None:
    created = re.findall(r"create secret tls (\S+)", " ".join(KUBECTL))
    assert created == [
        one["secretName"] for one in example.one("Ingress", "flasky")["spec"]["tls"]
    ]


def test_variables_on_the_page_are_settings() -> None:
    lines = re.findall(r"^    ([A-Z_]+)=", TEXT, re.MULTILINE)
    assert lines
    assert set(lines) <= environment_variables()


def test_flask_commands_on_the_page_exist() -> None:
    groups = {name: load(name) for name in COMMANDS}
    documented = re.findall(r"-- flask (\w+)(?: (\w+))?", " ".join(KUBECTL))
    assert documented
    for name, inner in documented:
        command = groups[name]
        assert not isinstance(command, click.Group) or inner in command.commands


def test_table_names_every_file() -> None:
    documented = set(re.findall(r"`((?:base|overlays)/[\w./]+)`", TEXT))
    files = {f"base/{file.name}" for file in MANIFESTS.glob("base/*.yaml")}
    assert files - {"base/kustomization.yaml"} == {
        name for name in documented if name.endswith(".yaml")
    }
