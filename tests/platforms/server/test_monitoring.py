"""The files in deploy/monitoring agree with each other, the application and the runbook."""

import json
import re
import shutil
import subprocess
from typing import Any

import pytest

from tests.support.repository import ROOT

FOLDER = ROOT / "deploy/monitoring"
ALERTS = (FOLDER / "alerts.yml").read_text()
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
ROWS = ["Traffic", "Errors", "Latency", "Saturation", "Email", "Jobs"]
METRIC = re.compile(r"\bflasky_\w+")
SUFFIX = re.compile(r"_(bucket|count|sum)$")


@pytest.fixture(scope="module")
def dashboard() -> Any:
    return json.loads((FOLDER / "grafana-dashboard.json").read_text())


def defined_metrics() -> set[str]:
    modules = [ROOT / "app/metrics" / name for name in ("definitions.py", "collector.py")]
    return set(re.findall(r'"(flasky_\w+)"', "".join(path.read_text() for path in modules)))


@pytest.mark.parametrize(
    "command",
    [
        ("check", "config", "prometheus.yml"),
        ("check", "rules", "alerts.yml"),
        ("test", "rules", "alerts_test.yml"),
    ],
    ids=" ".join,
)
def test_promtool_accepts_the_files(command: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is missing: sudo apt install prometheus")

    result = subprocess.run(
        [promtool, *command], cwd=FOLDER, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stdout + result.stderr


def test_every_alert_has_a_test() -> None:
    alerts = set(re.findall(r"- alert: (\w+)", ALERTS))
    tests = (FOLDER / "alerts_test.yml").read_text()
    tested = set(re.findall(r'alertname(?:: |=")(\w+)', tests))

    assert len(alerts) > 5
    assert alerts == tested


def test_every_alert_has_a_description_and_a_section_of_the_runbook() -> None:
    headings = re.findall(r"^#+ (.+)$", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}

    for rule in ALERTS.split("- alert: ")[1:]:
        for part in ("severity:", "summary:", "description:", "runbook: docs/runbook.md#"):
            assert part in rule, rule
        assert rule.partition("runbook.md#")[2].split()[0] in anchors, rule


@pytest.mark.parametrize("name", ["alerts.yml", "alerts_test.yml", "grafana-dashboard.json"])
def test_only_defined_metrics_are_used(name: str) -> None:
    used = {SUFFIX.sub("", metric) for metric in METRIC.findall((FOLDER / name).read_text())}

    assert used
    assert used - defined_metrics() == set()


def test_readme_documents_every_metric() -> None:
    readme = (FOLDER / "README.md").read_text()

    assert set(re.findall(r"^\| `(flasky_\w+)` \|", readme, re.MULTILINE)) == defined_metrics()


def test_panels_have_unique_ids_and_use_the_selected_datasource(dashboard: Any) -> None:
    variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["datasource"]["query"] == "prometheus"

    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            assert panel["datasource"] == DATASOURCE, panel["title"]
            assert all(target["datasource"] == DATASOURCE for target in panel["targets"])


def test_panels_are_grouped_in_rows_and_do_not_overlap(dashboard: Any) -> None:
    rows = [panel["title"] for panel in dashboard["panels"] if panel["type"] == "row"]
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        grid = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & taken, panel["title"]
        assert grid["x"] + grid["w"] <= 24
        taken |= cells

    assert rows == ROWS
