"""Metrics of several gunicorn workers, scraped by a real Prometheus."""

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

from tests.support.databases import EphemeralPostgres
from tests.support.mailbox import Mailbox, free_port
from tests.support.servers import (
    BIN,
    ROOT,
    TIMEOUT,
    Gunicorn,
    Server,
    connect,
    deploy,
    eventually,
    production,
)

pytestmark = pytest.mark.slow

MONITORING = ROOT / "deploy/monitoring"
INDEX = {"endpoint": "main.index", "method": "GET", "status": "200"}


class Prometheus(Server):
    """Prometheus with the configuration of deploy/monitoring, scraping `target`."""

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

    def is_responding(self) -> bool:
        """Return True if it responds."""
        try:
            return bool(self.query("status/buildinfo"))
        except OSError:
            return False

    def query(self, endpoint: str, **parameters: str) -> Any:
        """Return the response of its API."""
        with urlopen(f"http://{self.bind}/api/v1/{endpoint}?{urlencode(parameters)}") as answer:
            return json.load(answer)["data"]

    def value(self, expression: str) -> float | None:
        """Return the value of `expression`, or None if it has no single value."""
        result = self.query("query", query=expression)["result"]
        return float(result[0]["value"][1]) if result else None


class Site(Gunicorn):
    """A site with two workers and the metrics folder `folder`."""

    def __init__(self, database: str, folder: Path, **settings: object) -> None:
        bind = f"127.0.0.1:{free_port()}"
        environment = production(f"http://{bind}", database, **settings)
        environment["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        self.metrics_folder = folder
        deploy(environment)
        super().__init__(environment, "--workers", "2", bind=bind)

    def request(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
        """Return the status and the body of a response, over a new connection."""
        connection = self.connect()
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def metrics(self) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
        """Return every sample of /metrics by name and labels."""
        status, body = self.request("/metrics")
        assert status == 200
        found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
        for family in text_string_to_metric_families(body):
            for sample in family.samples:
                labels = tuple(sorted(sample.labels.items()))
                found.setdefault(sample.name, {})[labels] = sample.value
        return found

    def value(self, metric: str, /, **labels: str) -> float:
        """Return the value of a sample, or 0."""
        return self.metrics().get(metric, {}).get(tuple(sorted(labels.items())), 0.0)

    def files_of(self, pid: int) -> list[str]:
        """Return the metrics files that a process has open."""
        try:
            maps = Path(f"/proc/{pid}/maps").read_text()
        except FileNotFoundError:
            return []
        return [file.name for file in self.metrics_folder.glob("*.db") if str(file) in maps]


@pytest.fixture
def site(postgres: EphemeralPostgres, mail_server: Mailbox, tmp_path: Path) -> Iterator[Site]:
    mail_server.clear()
    with Site(postgres.new_database(), tmp_path, **mail_server.settings) as site:
        eventually(lambda: len(site.workers) == 2)
        yield site


def request_all_workers(site: Site) -> None:
    """Request the home page until both workers have served it."""
    eventually(lambda: site.request("/")[0] == 200 and all(map(site.files_of, site.workers)))


def test_every_worker_exports_the_metrics_of_all_workers(site: Site) -> None:
    request_all_workers(site)
    before = site.value("flasky_http_requests_total", **INDEX)

    for _ in range(100):
        assert site.request("/")[0] == 200

    for _ in range(10):  # by either worker
        assert site.value("flasky_http_requests_total", **INDEX) == before + 100


def test_counters_of_a_killed_worker_are_kept_and_its_gauges_are_not(site: Site) -> None:
    request_all_workers(site)
    before = site.value("flasky_http_requests_total", **INDEX)
    dead = site.workers[0]

    os.kill(dead, signal.SIGKILL)
    eventually(lambda: dead not in site.workers and len(site.workers) == 2)

    assert site.value("flasky_http_requests_total", **INDEX) == before
    assert site.value("flasky_http_requests_in_flight") == 1


def test_files_of_replaced_workers_do_not_accumulate(site: Site) -> None:
    request_all_workers(site)
    before = site.value("flasky_http_requests_total", **INDEX)
    for _ in range(5):
        old = set(site.workers)
        os.kill(site.pid, signal.SIGHUP)
        eventually(lambda old=old: len(site.workers) == 2 and not old & set(site.workers))  # type: ignore[misc]  # bound now
        assert site.request("/")[0] == 200

    assert site.value("flasky_http_requests_total", **INDEX) == before + 5
    kinds = 3
    processes = 2 + 2 + 1  # old workers, new workers, master
    assert len(list(site.metrics_folder.glob("*.db"))) <= kinds * processes


def test_disconnected_client_is_not_in_flight(site: Site) -> None:
    for _ in range(20):
        connection = site.connect()
        connection.request("GET", "/")
        connection.close()

    eventually(lambda: site.value("flasky_http_requests_in_flight") == 1)


def test_anonymous_client_behind_a_proxy_sees_no_metrics(site: Site) -> None:
    status, body = site.request("/metrics", **{"X-Forwarded-For": "203.0.113.9"})

    assert status == 403
    assert "METRICS_TOKEN" in body


def test_every_metric_of_the_alerts_and_the_dashboard_is_exported(site: Site) -> None:
    exercise(site)
    alerts = (MONITORING / "alerts.yml").read_text()
    expressions = re.findall(r"expr: \|?((?:.|\n)*?)\n +(?:for|labels):", alerts)
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    expressions += [
        target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])
    ]
    expressions += [note["expr"] for note in dashboard["annotations"]["list"]]

    used = set(re.findall(r"\bflasky_\w+", "\n".join(expressions)))

    assert len(used) > 10
    assert used - set(site.metrics()) == set()


def exercise(site: Site) -> None:
    """Cause every event that is counted."""
    database = site.environment["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg2:")
    site.request("/nowhere")
    visitor = connect(site.bind)
    for path, fields in (
        ("/auth/login", {"email": "nobody@example.com", "password": "a wrong password"}),
        ("/auth/reset", {"email": "nobody@example.com"}),
    ):
        send_form(visitor, path, fields)
    visitor.close()
    eventually(
        lambda: site.value("flasky_jobs_total", name="send_outbox_email", result="succeeded")
    )
    engine = create_engine(database)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE posts RENAME TO away"))
    engine.dispose()
    assert site.request("/")[0] == 503


def send_form(visitor: http.client.HTTPConnection, path: str, fields: dict[str, str]) -> None:
    """Submit the form of a page, with the session cookie of the page."""
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


def test_emails_sent_by_the_worker_are_exported_by_the_site(
    postgres: EphemeralPostgres, mail_server: Mailbox, tmp_path: Path
) -> None:
    settings = {**mail_server.settings, "JOBS_IN_WEB": "0"}
    with Site(postgres.new_database(), tmp_path / "metrics", **settings) as site:
        with worker(site):
            visitor = connect(site.bind)
            send_form(visitor, "/auth/reset", {"email": "nobody@example.com"})
            visitor.close()
            eventually(lambda: site.value("flasky_emails_total", result="sent") == 1)

        # The count is kept after the worker has exited.
        assert site.value("flasky_emails_total", result="sent") == 1


@contextmanager
def worker(site: Site) -> Iterator[None]:
    """Run a worker for the jobs of `site`."""
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
        process.wait(TIMEOUT)


def test_prometheus_counts_requests_and_reports_the_site_up(site: Site) -> None:
    with Prometheus(site.bind) as prometheus:
        for _ in range(57):
            assert site.request("/")[0] == 200

        labels = '{job="flasky", endpoint="main.index"}'
        count = f"sum(flasky_http_requests_total{labels})"
        eventually(lambda: prometheus.value(count) == 57, "57 requests are counted")
        [target] = prometheus.query("targets")["activeTargets"]
        assert (target["health"], target["lastError"]) == ("up", "")
        assert target["labels"]["job"] == "flasky"
        rules = prometheus.query("rules")["groups"][0]["rules"]
        eventually(lambda: prometheus.value("flasky_db_up") == 1)
        assert {rule["state"] for rule in rules} == {"inactive"}


def test_prometheus_reports_that_the_site_is_down(site: Site) -> None:
    with Prometheus(site.bind) as prometheus:
        eventually(lambda: prometheus.value('up{job="flasky"}') == 1)

        site.stop()

        eventually(lambda: prometheus.value('up{job="flasky"}') == 0)
