"""docs/deploying/kubernetes.md speaks of what there is.

`kubectl` needs a cluster, and there is none here: what it is told is compared with the manifests.
What needs neither a cluster nor a registry is typed.
"""

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from app.cli import COMMANDS
from tests.manual import commands
from tests.repository import ROOT
from tests.test_docs import variables

from . import rules
from .cluster import Cluster
from .kustomize import MANIFESTS

PAGE = ROOT / "docs/deploying/kubernetes.md"
TEXT = PAGE.read_text()
TYPED = [command.text for command in commands(PAGE)]
# These need a cluster or a registry.
ELSEWHERE = ("kubectl ", "docker push ", "docker build ")
YOURS = "deploy/kubernetes/overlays/production"
KUBECTL = [text for text in TYPED if text.startswith("kubectl ")]


def test_commands_that_need_no_cluster_do_what_the_page_says(tmp_path: Path) -> None:
    shutil.copytree(MANIFESTS, tmp_path / "deploy/kubernetes")
    here = [text for text in TYPED if not text.startswith(ELSEWHERE)]
    for text in here:
        subprocess.run(["sh", "-c", text], cwd=tmp_path, check=True, capture_output=True)

    assert len(here) == 2
    assert (tmp_path / YOURS / "kustomization.yaml").is_file()


@pytest.mark.parametrize("text", KUBECTL)
def test_kubectl_is_told_of_what_there_is(example: Cluster, text: str) -> None:
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


def test_secrets_that_the_pods_need_are_made() -> None:
    made = set(re.findall(r"create secret generic (\S+)", " ".join(KUBECTL)))
    assert made == rules.SECRETS


def test_certificate_that_the_ingress_needs_is_made(example: Cluster) -> None:
    made = re.findall(r"create secret tls (\S+)", " ".join(KUBECTL))
    assert made == [one["secretName"] for one in example.one("Ingress", "flasky")["spec"]["tls"]]


def test_variables_on_the_page_are_read_by_the_site() -> None:
    lines = re.findall(r"^    ([A-Z_]+)=", TEXT, re.MULTILINE)
    assert lines
    assert set(lines) <= variables()


def test_commands_of_the_site_on_the_page_exist() -> None:
    groups = {str(command.name): command for command in COMMANDS}
    told = re.findall(r"-- flask (\w+)(?: (\w+))?", " ".join(KUBECTL))
    assert told
    for name, inner in told:
        command = groups[name]
        assert not isinstance(command, click.Group) or inner in command.commands


def test_table_names_every_file() -> None:
    told = set(re.findall(r"`((?:base|overlays)/[\w./]+)`", TEXT))
    files = {f"base/{file.name}" for file in MANIFESTS.glob("base/*.yaml")}
    assert files - {"base/kustomization.yaml"} == {name for name in told if name.endswith(".yaml")}
