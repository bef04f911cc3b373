"""The example overlay, built by kustomize."""

import pytest

from tests.platforms.kubernetes.cluster import Cluster
from tests.platforms.kubernetes.kustomize import EXAMPLE, MANIFESTS, build


@pytest.fixture(scope="session")
def example() -> Cluster:
    """The objects of deploy/kubernetes/overlays/example; do not modify them."""
    return Cluster(build(MANIFESTS / EXAMPLE))
