"""Rules for every manifest. A rule yields its violations."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.platforms.kubernetes.cluster import Cluster
from tests.support.environment_variables import environment_variables

Rule = Callable[[Cluster], Iterator[str]]

SECRETS = {"flasky-secrets"}  # created by the operator: see docs/deploying/kubernetes.md
CONFINED_POD = {
    "automountServiceAccountToken": False,
    "enableServiceLinks": False,
    "securityContext": {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "fsGroup": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}
CONFINED_CONTAINER = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
PROBES = {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
PINNED = re.compile(r"[^:@]+(:\d+/[^:@]+)?(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})")


def unrestricted(cluster: Cluster) -> Iterator[str]:
    """Containers are unprivileged, read-only and without capabilities."""
    for pod in cluster.pods():
        for name, wanted in CONFINED_POD.items():
            if pod.spec.get(name) != wanted:
                yield f"{pod.owner} {name}"
    for name, container in cluster.containers():
        if container.get("securityContext") != CONFINED_CONTAINER:
            yield f"{name} securityContext"


def unbounded(cluster: Cluster) -> Iterator[str]:
    """Containers have resource requests, for scheduling, and memory limits."""
    for name, container in cluster.containers():
        resources = container.get("resources", {})
        if not {"cpu", "memory"} <= resources.get("requests", {}).keys():
            yield f"{name} requests"
        if "memory" not in resources.get("limits", {}):
            yield f"{name} limits"


def unprobed(cluster: Cluster) -> Iterator[str]:
    """Containers with ports have probes; liveness does not depend on the database."""
    for name, container in cluster.containers():
        ports = {port["name"] for port in container.get("ports", [])}
        for probe, path in PROBES.items() if ports else ():
            asked = container.get(probe, {}).get("httpGet", {})
            if asked.get("path") != path or asked.get("port") not in ports:
                yield f"{name} {probe}"


def dangling(cluster: Cluster) -> Iterator[str]:
    """Every ConfigMap, Secret, volume and scaling target that is referenced exists."""
    for name, container in cluster.containers():
        for source in container["envFrom"]:
            config, secret = source.get("configMapRef"), source.get("secretRef")
            if config and config["name"] not in cluster.names("ConfigMap"):
                yield f"{name} ConfigMap {config['name']}"
            if secret and secret["name"] not in SECRETS:
                yield f"{name} Secret {secret['name']}"
    for pod in cluster.pods():
        volumes = {volume["name"] for volume in pod.spec.get("volumes", [])}
        mounts = [mount for one in pod.containers for mount in one.get("volumeMounts", [])]
        yield from (
            f"{pod.owner} {mount['name']}" for mount in mounts if mount["name"] not in volumes
        )
    for scaler in cluster.all("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        if target["name"] not in cluster.names(target["kind"]):
            yield f"HorizontalPodAutoscaler {target['name']}"


def unreachable(cluster: Cluster) -> Iterator[str]:
    """Every Ingress leads to a Service, and every Service to a port."""
    for ingress in cluster.all("Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                doors = [
                    one
                    for one in cluster.all("Service")
                    if one["metadata"]["name"] == backend["name"]
                ]
                names = [port["name"] for door in doors for port in door["spec"]["ports"]]
                if backend["port"]["name"] not in names:
                    yield f"Ingress {backend}"
    for service in cluster.all("Service"):
        pods = cluster.selected(service["spec"]["selector"])
        for port in service["spec"]["ports"]:
            if not pods or any(port["targetPort"] not in ports_of(pod.containers) for pod in pods):
                yield f"Service {service['metadata']['name']}"


def mismatched(cluster: Cluster) -> Iterator[str]:
    """A selector matches the pods of exactly one workload."""
    for owner, labels in selectors(cluster):
        owners = [pod.owner for pod in cluster.selected(labels)]
        if len(owners) != 1 or (owner.startswith("Deployment") and owners != [owner]):
            yield f"{owner} selects {owners}"


def misnamed(cluster: Cluster) -> Iterator[str]:
    """Every variable is a setting that the application reads."""
    known = environment_variables()
    for settings in cluster.all("ConfigMap"):
        yield from (f"ConfigMap: {name}" for name in settings["data"].keys() - known)
    for owner, container in cluster.containers():
        names = {variable["name"] for variable in container.get("env", [])}
        yield from (f"{owner}: {name}" for name in names - known)


def unpinned(cluster: Cluster) -> Iterator[str]:
    """All pods run the same image with a fixed tag."""
    images = {container["image"] for _name, container in cluster.containers()}
    if len(images) != 1:
        yield f"{len(images)} images"
    yield from (image for image in images if not PINNED.fullmatch(image))


def unlabelled(cluster: Cluster) -> Iterator[str]:
    """Every object has the namespace and the labels of the site."""
    for manifest in cluster.manifests:
        metadata = manifest["metadata"]
        if manifest["kind"] == "Namespace":
            continue
        if metadata.get("namespace") not in cluster.names("Namespace"):
            yield f"{manifest['kind']} {metadata['name']} namespace"
        if metadata.get("labels", {}).get("app.kubernetes.io/name") != "flasky":
            yield f"{manifest['kind']} {metadata['name']} label"


def selectors(cluster: Cluster) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield every selector of a workload or Service, with its owner."""
    for kind in ("Deployment", "PodDisruptionBudget"):
        for manifest in cluster.all(kind):
            yield (
                f"{kind} {manifest['metadata']['name']}",
                manifest["spec"]["selector"]["matchLabels"],
            )
    for service in cluster.all("Service"):
        yield f"Service {service['metadata']['name']}", service["spec"]["selector"]
    for pod in cluster.pods():
        for spread in pod.spec.get("topologySpreadConstraints", []):
            yield pod.owner, spread["labelSelector"]["matchLabels"]


def ports_of(containers: list[dict[str, Any]]) -> set[str]:
    """Return the names of the ports of containers."""
    return {port["name"] for container in containers for port in container.get("ports", [])}
