"""The site on a dyno: port, headers of the router, log, memory, shutdown."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests.platforms.paas.conftest import heroku_variables
from tests.platforms.paas.dyno import Web
from tests.platforms.paas.slug import Slug
from tests.support.servers import connect, eventually, fetch
from tests.support.traffic import get_status_once

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("paas")]

SITE = "https://flasky.example"
DYNO_MEMORY = 512  # MB, of the smallest dyno
SHUTDOWN_TIMEOUT = 30  # seconds from SIGTERM to SIGKILL on Heroku
ROUTED = {"Host": "flasky.example", "X-Forwarded-Proto": "https"}
FORGED_ADDRESS, CLIENT_ADDRESS = "192.0.2.1", "203.0.113.9"


@pytest.fixture(scope="module")
def web(slug: Slug, database: str) -> Iterator[Web]:
    """A web dyno of release v42, with the documented number of processes."""
    metadata = {"HEROKU_RELEASE_VERSION": "v42", "HEROKU_BUILD_COMMIT": "0f1e2d3"}
    variables = heroku_variables(database, SITE, **metadata) | {"WEB_CONCURRENCY": "2"}
    with Web(slug, variables) as running:
        yield running


def test_web_listens_on_the_assigned_port_of_every_interface(web: Web) -> None:
    hosts = ["127.0.0.1", "[::1]"] if socket.has_dualstack_ipv6() else ["127.0.0.1"]
    for host in hosts:
        assert fetch(connect(f"{host}:{web.port}"), "/healthz").status == 200
    assert re.search(rf"http://(\[::\]|0\.0\.0\.0):{web.port}", web.log)


@pytest.mark.parametrize("scheme", ["http", None])
def test_http_redirects_to_https(web: Web, scheme: str | None) -> None:
    headers = {"Host": "flasky.example"} | ({"X-Forwarded-Proto": scheme} if scheme else {})
    answer = fetch(web.connect(), "/?page=2", headers=headers)
    assert (answer.status, answer.headers["Location"]) == (301, f"{SITE}/?page=2")


def test_https_is_served(web: Web) -> None:
    answer = fetch(web.connect(), headers=ROUTED)
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"]


def test_client_address_is_that_added_by_the_router(web: Web) -> None:
    forwarded = ROUTED | {"X-Forwarded-For": f"{FORGED_ADDRESS}, {CLIENT_ADDRESS}"}
    fetch(web.connect(), "/nowhere-else", headers=forwarded)
    eventually(lambda: "/nowhere-else" in web.log)
    [line] = [line for line in web.log.splitlines() if "/nowhere-else" in line]
    assert json.loads(line)["remote_addr"] == CLIENT_ADDRESS


def test_release_is_heroku_release_version(web: Web) -> None:
    assert fetch(web.connect(), headers=ROUTED).headers["X-Release"] == "v42"


def test_each_request_is_logged_once_on_stderr(web: Web) -> None:
    """Heroku's buildpack enables gunicorn's access log on stdout (GUNICORN_CMD_ARGS)."""
    fetch(web.connect(), "/nowhere", headers=ROUTED)
    eventually(lambda: "/nowhere " in web.log)
    lines = [json.loads(line)["message"] for line in web.log.splitlines()]
    assert len([line for line in lines if "/nowhere " in line]) == 1
    assert web.stdout.read_text() == ""


def test_build_collects_static_files(web: Web) -> None:
    page = fetch(web.connect(), headers=ROUTED).body.decode()
    sheet = page.partition('href="/static/css/')[2].partition('"')[0]
    headers = ROUTED | {"Accept-Encoding": "br"}
    answer = fetch(web.connect(), f"/static/css/{sheet}", headers=headers)
    assert answer.headers["Content-Encoding"] == "br"
    assert "immutable" in answer.headers["Cache-Control"]


def test_two_workers_fit_the_smallest_dyno(web: Web) -> None:
    for _ in range(20):
        fetch(web.connect(), headers=ROUTED)
    assert len(web.processes()) == 3  # a master and two workers
    assert sum(map(memory_of, web.processes())) < DYNO_MEMORY / 2


def memory_of(process: int) -> float:
    """Return the proportional set size of a process, in MB."""
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    [line] = [line for line in rollup.splitlines() if line.startswith("Pss:")]
    return int(line.split()[1]) / 1024


def test_request_in_flight_is_completed_after_sigterm(slug: Slug, database: str) -> None:
    outcomes: list[str] = []
    with (
        closing(psycopg2.connect(database)) as connection,
        connection.cursor() as cursor,
        Web(slug, heroku_variables(database, "http://127.0.0.1", SSL_REDIRECT="false")) as web,
    ):
        cursor.execute("LOCK TABLE posts")
        slow = threading.Thread(
            target=lambda: outcomes.append(get_status_once(web.connect(), "/"))
        )
        slow.start()
        eventually(lambda: waits_for_a_lock(database))
        ending = threading.Thread(target=lambda: outcomes.append(str(web.end())))
        ending.start()
        eventually(lambda: get_status_once(web.connect(), "/healthz") == "refused")
        connection.rollback()
        slow.join()
        ending.join()
    assert sorted(outcomes) == ["0", "200"]


def waits_for_a_lock(database: str) -> bool:
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return bool(cursor.fetchone() != (0,))


def test_graceful_timeout_is_shorter_than_that_of_heroku(slug: Slug) -> None:
    variables = {"FLASK_CONFIG": "development", "PORT": "5006"}
    printed = slug.run("gunicorn --print-config manage:app", variables)
    [line] = [line for line in printed.stdout.splitlines() if line.startswith("graceful_timeout")]
    assert int(line.partition("=")[2]) < SHUTDOWN_TIMEOUT
