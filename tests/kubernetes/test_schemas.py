"""Every manifest is what Kubernetes' own schemas allow, without a field unknown to them."""

from copy import deepcopy

import kubernetes_validate  # type: ignore[import-untyped]  # it has none
import pytest

from .cluster import Cluster
from .kustomize import EXAMPLE, MANIFESTS, Manifest

OLDEST = "1.27"  # docs/deploying/kubernetes.md says so, too
NEWEST = kubernetes_validate.latest_version()
KINDS = {
    *("Namespace", "ConfigMap", "Deployment", "Job", "Service", "Ingress", "NetworkPolicy"),
    *("HorizontalPodAutoscaler", "PodDisruptionBudget"),
}


def complaint(manifest: Manifest, version: str) -> str:
    """Return what the schemas of a version say against it."""
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return f"{manifest['kind']}: {error.message}"
    return ""


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_manifest_fits_its_schema(example: Cluster, version: str) -> None:
    assert {manifest["kind"] for manifest in example.manifests} == KINDS
    assert [one for one in example.manifests if complaint(one, version)] == []


@pytest.mark.parametrize("kind", ["Deployment", "Job"])
def test_misspelt_field_is_noticed(example: Cluster, kind: str) -> None:
    wrong = deepcopy(example.all(kind)[0])
    wrong["spec"]["template"]["spec"]["containers"][0]["resource"] = {}
    assert "resource" in complaint(wrong, NEWEST)


def test_page_names_the_oldest_version() -> None:
    page = MANIFESTS.parents[1] / "docs/deploying/kubernetes.md"
    assert f"Kubernetes {OLDEST} or newer" in page.read_text()
    assert EXAMPLE in page.read_text()
