"""Manifests as a cluster sees them: what there is, what is in a pod, who selects whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .kustomize import Manifest

WORKLOADS = ("Deployment", "Job")


@dataclass(frozen=True)
class Pod:
    """What a workload makes its pods of."""

    owner: str
    labels: dict[str, str]
    spec: dict[str, Any]

    @property
    def containers(self) -> list[dict[str, Any]]:
        """All of them, those that come first among them."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]


@dataclass(frozen=True)
class Cluster:
    """Everything that one overlay asks for."""

    manifests: list[Manifest]

    def all(self, kind: str) -> list[Manifest]:
        """Return all manifests of a kind."""
        return [manifest for manifest in self.manifests if manifest["kind"] == kind]

    def one(self, kind: str, name: str) -> Manifest:
        """Return the manifest of that name; it is there exactly once."""
        (found,) = [one for one in self.all(kind) if one["metadata"]["name"] == name]
        return found

    def names(self, kind: str) -> set[str]:
        """Return the names of all that is of a kind."""
        return {manifest["metadata"]["name"] for manifest in self.all(kind)}

    def pods(self) -> Iterator[Pod]:
        """Yield the pods of each workload."""
        for kind in WORKLOADS:
            for workload in self.all(kind):
                template = workload["spec"]["template"]
                owner = f"{kind} {workload['metadata']['name']}"
                yield Pod(owner, template["metadata"]["labels"], template["spec"])

    def selected(self, labels: dict[str, str]) -> list[Pod]:
        """Return the pods that a selector finds."""
        return [pod for pod in self.pods() if labels.items() <= pod.labels.items()]

    def containers(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield every container, and what to call it in a complaint."""
        for pod in self.pods():
            for container in pod.containers:
                yield f"{pod.owner}: {container['name']}", container
