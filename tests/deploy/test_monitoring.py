"""The files for Prometheus and Grafana fit each other, the site and the manual."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.repository import ROOT

FOLDER = ROOT / "deploy/monitoring"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
ROWS = ["Traffic", "Errors", "Latency", "Saturation", "Mail", "Jobs"]
ALERT = re.compile(r"^ +- alert: (\w+)$", re.MULTILINE)
RUNBOOK = re.compile(r"^ +runbook: (\S+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def dashboard() -> Any:
    return json.loads((FOLDER / "grafana-dashboard.json").read_text())


@pytest.mark.parametrize(
    "command",
    [
        ("check", "config", "prometheus.yml"),
        ("check", "rules", "alerts.yml"),
        ("test", "rules", "alerts_test.yml"),
    ],
    ids=" ".join,
)
def test_promtool_finds_nothing_wrong(command: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is missing: sudo apt install prometheus")

    answer = subprocess.run(
        [promtool, *command], cwd=FOLDER, capture_output=True, text=True, check=False
    )

    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_alert_is_tried_out() -> None:
    alerts = set(ALERT.findall((FOLDER / "alerts.yml").read_text()))
    tried = set(re.findall(r"\bFlasky[A-Z]\w+", (FOLDER / "alerts_test.yml").read_text()))

    assert len(alerts) > 5
    assert alerts == tried


def test_every_alert_says_what_is_so_and_what_to_do() -> None:
    rules = (FOLDER / "alerts.yml").read_text().split("- alert: ")[1:]

    for rule in rules:
        for part in ("severity:", "summary:", "description:", "runbook: docs/operating.md#"):
            assert part in rule, rule


def test_every_alert_leads_to_a_chapter_of_the_manual() -> None:
    anchors = {
        link.partition("#")[2] for link in RUNBOOK.findall((FOLDER / "alerts.yml").read_text())
    }
    chapters = re.findall(r"^#+ (.+)$", (ROOT / "docs/operating.md").read_text(), re.MULTILINE)
    known = {re.sub(r"[^\w -]", "", chapter).lower().replace(" ", "-") for chapter in chapters}

    assert anchors - known == set()


def test_panels_have_numbers_of_their_own_and_the_chosen_datasource(dashboard: Any) -> None:
    numbers = [panel["id"] for panel in dashboard["panels"]]
    shown = [panel for panel in dashboard["panels"] if panel["type"] != "row"]

    assert len(set(numbers)) == len(numbers)
    for panel in shown:
        assert panel["datasource"] == DATASOURCE, panel["title"]
        assert all(target["datasource"] == DATASOURCE for target in panel["targets"])


def test_dashboard_has_a_row_for_each_question_and_no_panel_over_another(dashboard: Any) -> None:
    rows = [panel["title"] for panel in dashboard["panels"] if panel["type"] == "row"]
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells

    assert rows == ROWS


def test_dashboard_lets_one_choose_the_datasource(dashboard: Any) -> None:
    variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}

    assert variables["datasource"]["type"] == "datasource"
    assert variables["datasource"]["query"] == "prometheus"


def test_every_metric_of_the_code_is_in_the_table_of_the_readme() -> None:
    sources = [ROOT / "app" / name for name in ("meters.py", "site_meters.py")]
    text = "".join(path.read_text() for path in sources)
    told = set(re.findall(r"^\| `(flasky_\w+)` \|", read(FOLDER / "README.md"), re.MULTILINE))

    assert told == set(re.findall(r'"(flasky_\w+)"', text))


def read(path: Path) -> str:
    return path.read_text()
