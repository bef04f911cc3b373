"""Every manifest validates against the schemas of Kubernetes, in strict mode."""

from copy import deepcopy

import kubernetes_validate  # type: ignore[import-untyped]  # it has none
import pytest

from tests.platforms.kubernetes.cluster import Cluster
from tests.platforms.kubernetes.kustomize import EXAMPLE, MANIFESTS, Manifest

OLDEST = "1.27"  # as documented in docs/deploying/kubernetes.md
NEWEST = kubernetes_validate.latest_version()
KINDS = {
    *("Namespace", "ConfigMap", "Deployment", "Job", "Service", "Ingress", "NetworkPolicy"),
    *("HorizontalPodAutoscaler", "PodDisruptionBudget"),
}


def validation_error(manifest: Manifest, version: str) -> str:
    """Return the validation error of a version's schemas, or an empty string."""
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return f"{manifest['kind']}: {error.message}"
    return ""


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_manifest_validates(example: Cluster, version: str) -> None:
    assert {manifest["kind"] for manifest in example.manifests} == KINDS
    assert [one for one in example.manifests if validation_error(one, version)] == []


@pytest.mark.parametrize("kind", ["Deployment", "Job"])
def test_misspelled_field_is_rejected(example: Cluster, kind: str) -> None:
    wrong = deepcopy(example.all(kind)[0])
    wrong["spec"]["template"]["spec"]["containers"][0]["resource"] = {}
    assert "resource" in validation_error(wrong, NEWEST)


def test_page_names_the_oldest_supported_version() -> None:
    page = MANIFESTS.parents[1] / "docs/deploying/kubernetes.md"
    assert f"Kubernetes {OLDEST} or newer" in page.read_text()
    assert EXAMPLE in page.read_text()
