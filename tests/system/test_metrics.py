"""Metrics of a real site: several gunicorn workers, and a real Prometheus that reads them."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine, text

from tests.databases import EphemeralPostgres
from tests.mailbox import Mailbox, free_port

from .servers import BIN, PATIENCE, ROOT, Gunicorn, Server, connect, deploy, eventually, production

pytestmark = pytest.mark.slow

MONITORING = ROOT / "deploy/monitoring"
INDEX = {"endpoint": "main.index", "method": "GET", "status": "200"}
# What is in an expression besides metrics, to be taken out in this order.
NOT_METRICS = (
    r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]',
    r"\b(?:by|on|without|ignoring|group_left|group_right) *\([^)]*\)",
    r"\b(?:or|and|unless|bool|offset \w+)\b",
    r"\b\w+\s*(?=\()",
)


class Prometheus(Server):
    """Prometheus with the configuration of deploy/monitoring, which reads the site at `target`."""

    def __init__(self, target: str) -> None:
        program = shutil.which("prometheus")
        if program is None:
            pytest.skip("prometheus is missing: sudo apt install prometheus")
        self.bind = f"127.0.0.1:{free_port()}"
        super().__init__([program], {"PATH": os.environ["PATH"]})
        words = (MONITORING / "prometheus.yml").read_text()
        words = words.replace("127.0.0.1:8000", target).replace("15s", "1s")
        (self.folder / "prometheus.yml").write_text(words)
        shutil.copy(MONITORING / "alerts.yml", self.folder)
        self.command += [
            f"--config.file={self.folder}/prometheus.yml",
            f"--storage.tsdb.path={self.folder}/data",
            f"--web.listen-address={self.bind}",
        ]

    def answers(self) -> bool:
        """Tell whether it answers."""
        try:
            return bool(self.ask("status/buildinfo"))
        except OSError:
            return False

    def ask(self, what: str, **parameters: str) -> Any:
        """Return what its API says."""
        with urlopen(f"http://{self.bind}/api/v1/{what}?{urlencode(parameters)}") as answer:
            return json.load(answer)["data"]

    def value(self, expression: str) -> float | None:
        """Return the one number that `expression` gives now, if it gives one."""
        result = self.ask("query", query=expression)["result"]
        return float(result[0]["value"][1]) if result else None


class Site(Gunicorn):
    """A site with two workers, which count in `folder`."""

    def __init__(self, database: str, folder: Path, **settings: object) -> None:
        bind = f"127.0.0.1:{free_port()}"
        environment = production(f"http://{bind}", database, **settings)
        environment["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        self.metrics_folder = folder
        deploy(environment)
        super().__init__(environment, "--workers", "2", bind=bind)

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
        """Return the status and the body of an answer, on a connection of its own."""
        connection = self.connect()
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def metrics(self) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
        """Return every sample that one of the workers shows, by name and labels."""
        status, body = self.ask("/metrics")
        assert status == 200
        found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
        for family in text_string_to_metric_families(body):
            for sample in family.samples:
                labels = tuple(sorted(sample.labels.items()))
                found.setdefault(sample.name, {})[labels] = sample.value
        return found

    def value(self, metric: str, /, **labels: str) -> float:
        """Return one number, 0 if it is not shown."""
        return self.metrics().get(metric, {}).get(tuple(sorted(labels.items())), 0.0)

    def files_of(self, pid: int) -> list[str]:
        """Return the files that a process counts in."""
        return [file.name for file in self.metrics_folder.glob(f"*_{pid}.db")]


@pytest.fixture
def site(postgres: EphemeralPostgres, mail_server: Mailbox, tmp_path: Path) -> Iterator[Site]:
    mail_server.clear()
    with Site(postgres.new_database(), tmp_path, **mail_server.settings) as site:
        eventually(lambda: len(site.workers) == 2)
        yield site


def seen_by_all(site: Site) -> None:
    """Open the front page until both workers have answered one."""
    eventually(lambda: site.ask("/")[0] == 200 and all(map(site.files_of, site.workers)))


def test_every_worker_shows_what_all_have_counted(site: Site) -> None:
    seen_by_all(site)
    before = site.value("flasky_requests_total", **INDEX)

    for _ in range(100):
        assert site.ask("/")[0] == 200

    for _ in range(10):  # whichever worker is asked
        assert site.value("flasky_requests_total", **INDEX) == before + 100


def test_counts_of_a_killed_worker_live_on_and_its_gauges_do_not(site: Site) -> None:
    seen_by_all(site)
    before = site.value("flasky_requests_total", **INDEX)
    dead = site.workers[0]

    os.kill(dead, signal.SIGKILL)
    eventually(lambda: dead not in site.workers and len(site.workers) == 2)

    assert site.value("flasky_requests_total", **INDEX) == before
    assert site.value("flasky_requests_in_flight") == 1
    assert site.files_of(dead) == []


def test_files_of_workers_that_were_replaced_do_not_pile_up(site: Site) -> None:
    seen_by_all(site)
    before = site.value("flasky_requests_total", **INDEX)
    for _ in range(5):
        old = set(site.workers)
        os.kill(site.pid, signal.SIGHUP)
        eventually(lambda old=old: len(site.workers) == 2 and not old & set(site.workers))  # type: ignore[misc]  # bound now
        assert site.ask("/")[0] == 200

    assert site.value("flasky_requests_total", **INDEX) == before + 5
    kinds = 3
    processes = 2 + 1 + 1  # workers, master, and the dead together
    assert len(list(site.metrics_folder.glob("*.db"))) <= kinds * processes


def test_reader_who_hangs_up_is_not_in_flight(site: Site) -> None:
    for _ in range(20):
        connection = site.connect()
        connection.request("GET", "/")
        connection.close()

    eventually(lambda: site.value("flasky_requests_in_flight") == 1)


def test_stranger_behind_a_proxy_sees_no_metrics(site: Site) -> None:
    status, body = site.ask("/metrics", **{"X-Forwarded-For": "203.0.113.9"})

    assert status == 403
    assert "FLASKY_MONITOR_TOKEN" in body


def test_every_metric_that_is_asked_for_is_shown(site: Site) -> None:
    exercise(site)
    alerts = (MONITORING / "alerts.yml").read_text()
    expressions = re.findall(r"expr: \|?((?:.|\n)*?)\n +(?:for|labels):", alerts)
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    expressions += [
        target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])
    ]
    expressions += [note["expr"] for note in dashboard["annotations"]["list"]]

    asked = {name for expression in expressions for name in metrics_in(expression)}

    assert len(asked) > 10
    assert asked - set(site.metrics()) == {"up"}  # Prometheus's own


def metrics_in(expression: str) -> set[str]:
    """Return the names of the metrics in `expression`."""
    for other in NOT_METRICS:
        expression = re.sub(other, " ", expression)
    return set(re.findall(r"[a-z_]\w*", expression))


def exercise(site: Site) -> None:
    """Have everything happen once that is counted."""
    database = site.environment["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg2:")
    site.ask("/nowhere")
    visitor = connect(site.bind)
    for path, fields in (
        ("/auth/login", {"email": "nobody@example.com", "password": "a wrong password"}),
        ("/auth/reset", {"email": "nobody@example.com"}),
    ):
        send_form(visitor, path, fields)
    visitor.close()
    eventually(lambda: site.value("flasky_jobs_total", name="deliver_letter", result="done"))
    engine = create_engine(database)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE posts RENAME TO away"))
    engine.dispose()
    assert site.ask("/")[0] == 503


def send_form(visitor: http.client.HTTPConnection, path: str, fields: dict[str, str]) -> None:
    """Open the page and send its form, with the cookie that it sets."""
    visitor.request("GET", path)
    answer = visitor.getresponse()
    page = answer.read().decode()
    cookie = str(answer.headers["Set-Cookie"]).partition(";")[0]
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    visitor.request("POST", path, urlencode({"csrf_token": token[1], **fields}), headers)
    sent = visitor.getresponse()
    sent.read()
    assert sent.status < 400


def test_letters_of_the_worker_are_shown_by_the_site(
    postgres: EphemeralPostgres, mail_server: Mailbox, tmp_path: Path
) -> None:
    queue = f"sqlite:///{tmp_path / 'queue.sqlite'}"
    settings = {**mail_server.settings, "QUEUE_URL": queue}
    with Site(postgres.new_database(), tmp_path / "metrics", **settings) as site:
        with worker(site):
            visitor = connect(site.bind)
            send_form(visitor, "/auth/reset", {"email": "nobody@example.com"})
            visitor.close()
            eventually(lambda: site.value("flasky_mail_total", result="sent") == 1)

        assert site.value("flasky_mail_total", result="sent") == 1  # when it is gone, too


@contextmanager
def worker(site: Site) -> Iterator[None]:
    """Let a worker do the jobs of `site` meanwhile."""
    process = subprocess.Popen(
        [str(BIN / "flask"), "worker"],
        cwd=ROOT,
        env=site.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def test_prometheus_counts_what_was_asked_and_finds_the_site_up(site: Site) -> None:
    with Prometheus(site.bind) as prometheus:
        for _ in range(57):
            assert site.ask("/")[0] == 200

        count = 'sum(flasky_requests_total{job="flasky", endpoint="main.index"})'
        eventually(lambda: prometheus.value(count) == 57, "57 requests were counted")
        [target] = prometheus.ask("targets")["activeTargets"]
        assert (target["health"], target["lastError"]) == ("up", "")
        assert target["labels"]["job"] == "flasky"
        rules = prometheus.ask("rules")["groups"][0]["rules"]
        eventually(lambda: prometheus.value("flasky_database_up") == 1)
        assert {rule["state"] for rule in rules} == {"inactive"}


def test_prometheus_notices_that_the_site_is_away(site: Site) -> None:
    with Prometheus(site.bind) as prometheus:
        eventually(lambda: prometheus.value('up{job="flasky"}') == 1)

        site.stop()

        eventually(lambda: prometheus.value('up{job="flasky"}') == 0)
