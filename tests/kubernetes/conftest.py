"""The example, as kustomize makes it of our files."""

import pytest

from .cluster import Cluster
from .kustomize import EXAMPLE, MANIFESTS, build


@pytest.fixture(scope="session")
def example() -> Cluster:
    """What deploy/kubernetes/overlays/example asks a cluster for. Not to be changed."""
    return Cluster(build(MANIFESTS / EXAMPLE))
