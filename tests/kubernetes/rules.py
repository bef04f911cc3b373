"""What every manifest must be like. A rule yields what is wrong."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.test_docs import variables

from .cluster import Cluster

Rule = Callable[[Cluster], Iterator[str]]

SECRETS = {"flasky-secrets"}  # made by the operator, as docs/deploying/kubernetes.md says
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


def unconfined(cluster: Cluster) -> Iterator[str]:
    """Who breaks into a pod finds nothing to use there."""
    for pod in cluster.pods():
        for name, wanted in CONFINED_POD.items():
            if pod.spec.get(name) != wanted:
                yield f"{pod.owner} {name}"
    for name, container in cluster.containers():
        if container.get("securityContext") != CONFINED_CONTAINER:
            yield f"{name} securityContext"


def unbounded(cluster: Cluster) -> Iterator[str]:
    """A pod without requests is put anywhere; one without a limit takes its neighbours' memory."""
    for name, container in cluster.containers():
        resources = container.get("resources", {})
        if not {"cpu", "memory"} <= resources.get("requests", {}).keys():
            yield f"{name} requests"
        if "memory" not in resources.get("limits", {}):
            yield f"{name} limits"


def unprobed(cluster: Cluster) -> Iterator[str]:
    """What listens is asked; and a database that is away kills nobody."""
    for name, container in cluster.containers():
        ports = {port["name"] for port in container.get("ports", [])}
        for probe, path in PROBES.items() if ports else ():
            asked = container.get(probe, {}).get("httpGet", {})
            if asked.get("path") != path or asked.get("port") not in ports:
                yield f"{name} {probe}"


def dangling(cluster: Cluster) -> Iterator[str]:
    """Whatever is named is there."""
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
    """The way from the door to the site leads by names that all exist."""
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
    """A selector finds the pods of one workload, and a workload finds its own."""
    for owner, labels in selectors(cluster):
        owners = [pod.owner for pod in cluster.selected(labels)]
        if len(owners) != 1 or (owner.startswith("Deployment") and owners != [owner]):
            yield f"{owner} selects {owners}"


def misnamed(cluster: Cluster) -> Iterator[str]:
    """A variable that nothing reads is a mistake that nobody sees."""
    known = variables()
    for settings in cluster.all("ConfigMap"):
        yield from (f"ConfigMap: {name}" for name in settings["data"].keys() - known)
    for owner, container in cluster.containers():
        names = {variable["name"] for variable in container.get("env", [])}
        yield from (f"{owner}: {name}" for name in names - known)


def unpinned(cluster: Cluster) -> Iterator[str]:
    """All pods run the same release, and tomorrow still the same."""
    images = {container["image"] for _name, container in cluster.containers()}
    if len(images) != 1:
        yield f"{len(images)} images"
    yield from (image for image in images if not PINNED.fullmatch(image))


def homeless(cluster: Cluster) -> Iterator[str]:
    """Everything lies in the namespace of the site, and says what it belongs to."""
    for manifest in cluster.manifests:
        about = manifest["metadata"]
        if manifest["kind"] == "Namespace":
            continue
        if about.get("namespace") not in cluster.names("Namespace"):
            yield f"{manifest['kind']} {about['name']} namespace"
        if about.get("labels", {}).get("app.kubernetes.io/name") != "flasky":
            yield f"{manifest['kind']} {about['name']} label"


def selectors(cluster: Cluster) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield every selector that is meant for one workload, and who has it."""
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
    """Return the names of the ports that containers listen on."""
    return {port["name"] for container in containers for port in container.get("ports", [])}
