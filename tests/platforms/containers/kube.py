"""The example of deploy/kubernetes, run by `podman kube play`."""

import base64
import json
from contextlib import ExitStack

import yaml

from tests.platforms.containers.backing import DATABASE_URL, REDIS_URL, Backing
from tests.platforms.containers.container import IMAGE
from tests.platforms.kubernetes.cluster import Cluster
from tests.platforms.kubernetes.kustomize import EXAMPLE, MANIFESTS, Manifest, build
from tests.support.mailbox import free_port
from tests.support.podman import Completed, Podman
from tests.support.servers import SECRET_KEY

SECRETS = {
    "SECRET_KEY": SECRET_KEY,
    "DATABASE_URL": DATABASE_URL,
    "REDIS_URL": REDIS_URL,
    "MAIL_PASSWORD": "mail-password",
}
WEB, WORKER, JOB = "flasky-web", "flasky-worker", "flasky-deploy-42"


class Kube:
    """A pod of each workload with PostgreSQL and Redis; `address` is that of the web pod."""

    def __init__(self, stack: ExitStack, podman: Podman) -> None:
        self.stack, self.podman = stack, podman
        self.network = Backing(stack, podman).network
        self.example = Cluster(build(MANIFESTS / EXAMPLE))
        self.address = f"127.0.0.1:{free_port()}"
        podman.docker("tag", IMAGE, self.image)
        # podman 4 does not support the kind Secret.
        encoded = {
            name: base64.b64encode(text.encode()).decode() for name, text in SECRETS.items()
        }
        create = ["docker", "secret", "create", "flasky-secrets", "-"]
        podman.run(create, stdin=json.dumps(encoded))
        stack.callback(podman.docker, "secret", "rm", "flasky-secrets")

    @property
    def image(self) -> str:
        """The image of the example."""
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
        """Return the pod of a workload."""
        kind = "Job" if name == JOB else "Deployment"
        spec = self.example.one(kind, name)["spec"]["template"]["spec"]
        # podman would restart an init container that has succeeded.
        spec = {**spec, "restartPolicy": "Never"}
        for container in spec["containers"]:
            for port in container.get("ports", ()):
                host, _, number = self.address.rpartition(":")
                port.update(hostIP=host, hostPort=int(number))
        metadata = {"name": name, "labels": {"app.kubernetes.io/name": "flasky"}}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

    def run(self, name: str, *arguments: str) -> str:
        """Run a command in the container of a pod."""
        return self.podman.docker("exec", self.container(name), *arguments).stdout

    def log(self, name: str) -> str:
        """Return the output of the container of a pod."""
        return self.podman.docker("logs", self.container(name)).stdout

    def wait_for_exit(self, name: str) -> int:
        """Wait until the container of a pod has exited; return the exit code."""
        return int(self.podman.docker("wait", self.container(name)).stdout)

    def stop(self, name: str) -> Completed:
        """Stop a pod with the grace period of the example."""
        seconds = self.pod(name)["spec"]["terminationGracePeriodSeconds"]
        return self.podman.docker("pod", "stop", "--time", str(seconds), name)

    def container(self, name: str) -> str:
        """Return the name that podman gives to the main container of a pod."""
        return f"{name}-{self.pod(name)['spec']['containers'][0]['name']}"
