"""The manifests follow the rules, and agree with the image, the settings and each other."""

import re
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from app.jobs.runner import SHUTDOWN_TIMEOUT
from config import Config
from tests.platforms.kubernetes import rules
from tests.platforms.kubernetes.cluster import Cluster
from tests.platforms.kubernetes.kustomize import EXAMPLE, MANIFESTS, build
from tests.support.repository import ROOT

RULES = (
    *(rules.unrestricted, rules.unbounded, rules.unprobed, rules.dangling, rules.unreachable),
    *(rules.mismatched, rules.misnamed, rules.unpinned, rules.unlabelled),
)
CONNECTIONS = 100 - 3  # PostgreSQL's default, less those for superusers
MARGIN = 5  # seconds between the end of a graceful shutdown and SIGKILL

Break = Callable[[Cluster], None]


def web(cluster: Cluster) -> dict[str, Any]:
    """Return the container of the web pods."""
    spec = cluster.one("Deployment", "flasky-web")["spec"]["template"]["spec"]
    container: dict[str, Any] = spec["containers"][0]
    return container


def worker_spec(cluster: Cluster) -> dict[str, Any]:
    spec: dict[str, Any] = cluster.one("Deployment", "flasky-worker")["spec"]["template"]["spec"]
    return spec


def service(cluster: Cluster) -> dict[str, Any]:
    spec: dict[str, Any] = cluster.one("Service", "flasky-web")["spec"]
    return spec


def settings(cluster: Cluster) -> dict[str, str]:
    data: dict[str, str] = cluster.one("ConfigMap", "flasky-settings")["data"]
    return data


BROKEN: dict[str, tuple[rules.Rule, Break]] = {
    "root": (
        rules.unrestricted,
        lambda it: worker_spec(it)["securityContext"].pop("runAsNonRoot"),
    ),
    "token": (rules.unrestricted, lambda it: worker_spec(it).pop("automountServiceAccountToken")),
    "writable": (rules.unrestricted, lambda it: web(it).pop("securityContext")),
    "capability": (
        rules.unrestricted,
        lambda it: web(it)["securityContext"]["capabilities"].update(add=["NET_ADMIN"]),
    ),
    "no limit": (rules.unbounded, lambda it: web(it)["resources"].pop("limits")),
    "no request": (rules.unbounded, lambda it: web(it)["resources"]["requests"].pop("cpu")),
    "no probe": (rules.unprobed, lambda it: web(it).pop("readinessProbe")),
    "liveness depends on the database": (
        rules.unprobed,
        lambda it: web(it).update(livenessProbe=web(it)["readinessProbe"]),
    ),
    "no ConfigMap": (
        rules.dangling,
        lambda it: web(it)["envFrom"][0]["configMapRef"].update(name="settings"),
    ),
    "no Secret": (
        rules.dangling,
        lambda it: web(it)["envFrom"][1]["secretRef"].update(name="secrets"),
    ),
    "no volume": (rules.dangling, lambda it: worker_spec(it)["volumes"].clear()),
    "no scaling target": (
        rules.dangling,
        lambda it: it.one("Deployment", "flasky-web")["metadata"].update(name="web"),
    ),
    "no port": (rules.unreachable, lambda it: web(it)["ports"][0].update(name="web")),
    "no Service": (
        rules.unreachable,
        lambda it: it.one("Service", "flasky-web")["metadata"].update(name="web"),
    ),
    "no pod selected": (rules.mismatched, lambda it: service(it)["selector"].update(x="y")),
    "all pods selected": (
        rules.mismatched,
        lambda it: service(it)["selector"].pop("app.kubernetes.io/component"),
    ),
    "misspelt setting": (rules.misnamed, lambda it: settings(it).update(MAIL_SERVR="smtp")),
    "misspelt variable": (
        rules.misnamed,
        lambda it: web(it)["env"].append({"name": "PROT", "value": "1"}),
    ),
    "latest": (
        rules.unpinned,
        lambda it: [one.update(image="flasky:latest") for _, one in it.containers()].clear(),
    ),
    "no tag": (
        rules.unpinned,
        lambda it: [one.update(image="host:5000/flasky") for _, one in it.containers()].clear(),
    ),
    "two releases": (rules.unpinned, lambda it: web(it).update(image="flasky:41")),
    "elsewhere": (
        rules.unlabelled,
        lambda it: it.one("Service", "flasky-web")["metadata"].pop("namespace"),
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_manifests_follow_the_rule(example: Cluster, rule: rules.Rule) -> None:
    assert list(rule(example)) == []


@pytest.mark.parametrize(("rule", "break_it"), list(BROKEN.values()), ids=list(BROKEN))
def test_rule_finds_a_violation(example: Cluster, rule: rules.Rule, break_it: Break) -> None:
    cluster = deepcopy(example)
    break_it(cluster)
    assert list(rule(cluster))


def test_every_release_has_its_own_job(example: Cluster, tmp_path: Path) -> None:
    shutil.copytree(MANIFESTS, tmp_path / "kubernetes")
    overlay = tmp_path / "kubernetes" / EXAMPLE
    file = overlay / "kustomization.yaml"
    file.write_text(file.read_text().replace('newTag: "42"', "newTag: 43-0a1b2c"))

    after = Cluster(build(overlay))

    assert example.names("Job") == {"flasky-deploy-42"}
    assert after.names("Job") == {"flasky-deploy-43-0a1b2c"}
    assert list(rules.unpinned(after)) == []


def test_changed_setting_does_not_change_a_job(example: Cluster, tmp_path: Path) -> None:
    """A Job is immutable: the cluster would reject the change."""
    shutil.copytree(MANIFESTS, tmp_path / "kubernetes")
    overlay = tmp_path / "kubernetes" / EXAMPLE
    file = overlay / "settings.yaml"
    file.write_text(file.read_text().replace("MAIL_PORT", "MAIL_TIMEOUT"))

    after = Cluster(build(overlay))

    assert settings(after) != settings(example)
    assert after.all("Job") == example.all("Job")


@pytest.mark.parametrize("name", ["flasky-web", "flasky-worker"])
def test_rolling_update_starts_a_pod_before_it_stops_one(example: Cluster, name: str) -> None:
    strategy = example.one("Deployment", name)["spec"]["strategy"]
    assert strategy["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


def test_grace_period_of_web_pods_exceeds_the_graceful_timeout(example: Cluster) -> None:
    gunicorn = (ROOT / "gunicorn.conf.py").read_text()
    graceful = int(re.findall(r"^graceful_timeout = (\d+)", gunicorn, re.MULTILINE)[0])
    program, seconds = web(example)["lifecycle"]["preStop"]["exec"]["command"]
    given = example.one("Deployment", "flasky-web")["spec"]["template"]["spec"]

    assert program == "sleep"
    assert int(seconds) + graceful + MARGIN <= given["terminationGracePeriodSeconds"]


def test_grace_period_of_workers_exceeds_the_shutdown_timeout(example: Cluster) -> None:
    given = worker_spec(example)["terminationGracePeriodSeconds"]
    assert given >= SHUTDOWN_TIMEOUT + MARGIN


def test_worker_waits_for_the_migrations(example: Cluster) -> None:
    (gate,) = worker_spec(example)["initContainers"]
    assert gate["command"][1:] == ["-m", "deploy.container.wait_until_ready"]
    assert (ROOT / "deploy/container/wait_until_ready.py").is_file()


def test_all_pods_together_stay_below_the_connection_limit(example: Cluster) -> None:
    scaling = example.one("HorizontalPodAutoscaler", "flasky-web")["spec"]
    given = settings(example)
    pool = int(given["DATABASE_POOL_SIZE"]) + int(given["DATABASE_POOL_OVERFLOW"])
    probes = 1  # /readyz has its own connection in each process
    pods = scaling["maxReplicas"] + 1  # one more during a rolling update
    used = pods * int(given["WEB_CONCURRENCY"]) * (pool + probes)

    assert used < CONNECTIONS


def test_autoscaler_controls_the_number_of_web_pods(example: Cluster) -> None:
    assert "replicas" not in example.one("Deployment", "flasky-web")["spec"]
    assert example.one("HorizontalPodAutoscaler", "flasky-web")["spec"]["minReplicas"] >= 2
    assert example.one("Deployment", "flasky-worker")["spec"]["replicas"] >= 2


def test_pods_run_as_the_user_of_the_image(example: Cluster) -> None:
    assert "\nUSER 10001:10001\n" in (ROOT / "Dockerfile").read_text()
    assert all(pod.spec["securityContext"]["runAsUser"] == 10001 for pod in example.pods())


def test_probes_use_the_port_of_gunicorn(example: Cluster) -> None:
    variables = {one["name"]: one["value"] for one in web(example)["env"]}
    assert [str(one["containerPort"]) for one in web(example)["ports"]] == [variables["PORT"]]


def test_ingress_has_the_body_limit_of_the_site(example: Cluster) -> None:
    annotations = example.one("Ingress", "flasky")["metadata"]["annotations"]
    megabytes = Config.MAX_CONTENT_LENGTH // 2**20
    assert annotations["nginx.ingress.kubernetes.io/proxy-body-size"] == f"{megabytes}m"


def test_network_policy_allows_ingress_to_the_web_pods_only(example: Cluster) -> None:
    policies = example.all("NetworkPolicy")
    (everyone,) = [one for one in policies if "Egress" in one["spec"]["policyTypes"]]
    opened = [one["spec"] for one in policies if one["spec"].get("ingress")]

    assert len(example.selected(everyone["spec"]["podSelector"]["matchLabels"])) == 3
    assert everyone["spec"]["policyTypes"] == ["Ingress", "Egress"]
    (site,) = opened
    (owner,) = [pod.owner for pod in example.selected(site["podSelector"]["matchLabels"])]
    assert owner == "Deployment flasky-web"
    assert [list(origin) for rule in site["ingress"] for origin in rule["from"]] == [
        ["namespaceSelector"]
    ]
