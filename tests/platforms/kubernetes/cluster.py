"""Queries on the manifests of an overlay: objects, pods, selectors."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.platforms.kubernetes.kustomize import Manifest

WORKLOADS = ("Deployment", "Job")


@dataclass(frozen=True)
class Pod:
    """The pod template of a workload."""

    owner: str
    labels: dict[str, str]
    spec: dict[str, Any]

    @property
    def containers(self) -> list[dict[str, Any]]:
        """All containers, including init containers."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]


@dataclass(frozen=True)
class Cluster:
    """All objects of an overlay."""

    manifests: list[Manifest]

    def all(self, kind: str) -> list[Manifest]:
        """Return all manifests of a kind."""
        return [manifest for manifest in self.manifests if manifest["kind"] == kind]

    def one(self, kind: str, name: str) -> Manifest:
        """Return the manifest of that name; fail unless there is exactly one."""
        (found,) = [one for one in self.all(kind) if one["metadata"]["name"] == name]
        return found

    def names(self, kind: str) -> set[str]:
        """Return the names of all objects of a kind."""
        return {manifest["metadata"]["name"] for manifest in self.all(kind)}

    def pods(self) -> Iterator[Pod]:
        """Yield the pod of each workload."""
        for kind in WORKLOADS:
            for workload in self.all(kind):
                template = workload["spec"]["template"]
                owner = f"{kind} {workload['metadata']['name']}"
                yield Pod(owner, template["metadata"]["labels"], template["spec"])

    def selected(self, labels: dict[str, str]) -> list[Pod]:
        """Return the pods that match a selector."""
        return [pod for pod in self.pods() if labels.items() <= pod.labels.items()]

    def containers(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield every container with its qualified name."""
        for pod in self.pods():
            for container in pod.containers:
                yield f"{pod.owner}: {container['name']}", container
