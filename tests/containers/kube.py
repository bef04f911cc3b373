"""The example of deploy/kubernetes, played by podman, as far as podman knows Kubernetes."""

import base64
import json
from contextlib import ExitStack

import yaml

from tests.kubernetes.cluster import Cluster
from tests.kubernetes.kustomize import EXAMPLE, MANIFESTS, Manifest, build
from tests.mailbox import free_port
from tests.system.servers import KEY

from .backing import DATABASE_URL, REDIS_URL, Backing
from .container import IMAGE
from .engine import Done, Engine

SECRETS = {
    "SECRET_KEY": KEY,
    "DATABASE_URL": DATABASE_URL,
    "REDIS_URL": REDIS_URL,
    "MAIL_PASSWORD": "of the mail server",
}
WEB, WORKER, JOB = "flasky-web", "flasky-worker", "flasky-deploy-42"


class Kube:
    """One pod of each kind, in a network with what they need; `address` is where the web is."""

    def __init__(self, stack: ExitStack, podman: Engine) -> None:
        self.stack, self.podman = stack, podman
        self.network = Backing(stack, podman).network
        self.example = Cluster(build(MANIFESTS / EXAMPLE))
        self.address = f"127.0.0.1:{free_port()}"
        podman.docker("tag", IMAGE, self.image)
        # podman 4 knows secrets, but none of the kind Secret.
        encoded = {
            name: base64.b64encode(text.encode()).decode() for name, text in SECRETS.items()
        }
        create = ["docker", "secret", "create", "flasky-secrets", "-"]
        podman.type(create, said=json.dumps(encoded))
        stack.callback(podman.docker, "secret", "rm", "flasky-secrets")

    @property
    def image(self) -> str:
        """The image that the example names."""
        web = self.example.one("Deployment", WEB)
        return str(web["spec"]["template"]["spec"]["containers"][0]["image"])

    def play(self, name: str) -> None:
        """Start the pod of a workload."""
        manifests = [self.example.one("ConfigMap", "flasky-settings"), self.pod(name)]
        file = self.podman.folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump_all(manifests))
        self.podman.docker("kube", "play", "--network", self.network, str(file))
        self.stack.callback(self.podman.docker, "pod", "rm", "--force", "--time", "0", name)

    def pod(self, name: str) -> Manifest:
        """Return the pod that Kubernetes makes of a workload."""
        kind = "Job" if name == JOB else "Deployment"
        spec = self.example.one(kind, name)["spec"]["template"]["spec"]
        # podman would start a gate again that has opened.
        spec = {**spec, "restartPolicy": "Never"}
        for container in spec["containers"]:
            for port in container.get("ports", ()):
                host, _, number = self.address.rpartition(":")
                port.update(hostIP=host, hostPort=int(number))
        metadata = {"name": name, "labels": {"app.kubernetes.io/name": "flasky"}}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

    def run(self, name: str, *words: str) -> str:
        """Run a command in the container of a pod."""
        return self.podman.docker("exec", self.container(name), *words).stdout

    def log(self, name: str) -> str:
        """Return what the container of a pod has written."""
        return self.podman.docker("logs", self.container(name)).stdout

    def wait_for_end(self, name: str) -> int:
        """Wait until the container of a pod has ended, and return with what."""
        return int(self.podman.docker("wait", self.container(name)).stdout)

    def stop(self, name: str) -> Done:
        """Tell a pod to end, and give it the time that the example gives."""
        seconds = self.pod(name)["spec"]["terminationGracePeriodSeconds"]
        return self.podman.docker("pod", "stop", "--time", str(seconds), name)

    def container(self, name: str) -> str:
        """Return the name of the container that a pod is about: podman adds it to the pod's."""
        return f"{name}-{self.pod(name)['spec']['containers'][0]['name']}"
