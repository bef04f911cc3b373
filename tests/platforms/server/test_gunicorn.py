"""gunicorn.conf.py: variables, headers of untrusted clients, and the log."""

import json
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.metrics.multiprocess import Slot
from tests.support.servers import (
    BIN,
    TIMEOUT,
    Gunicorn,
    connect,
    deploy,
    eventually,
    fetch,
    production,
    run,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gunicorn")]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("site")
    environment = production("https://flasky.example", f"sqlite:///{folder}/site.sqlite")
    deploy(environment)
    return environment


@pytest.fixture
def server(environment: dict[str, str]) -> Iterator[Gunicorn]:
    with Gunicorn(environment, "--workers", "2") as running:
        yield running


def print_config(*arguments: str, **variables: str) -> dict[str, str]:
    """Return the output of `gunicorn --print-config`."""
    environment = {"PATH": os.environ["PATH"], "FLASK_CONFIG": "testing", **variables}
    printed = run([str(BIN / "gunicorn"), *arguments, "--print-config", "manage:app"], environment)
    assert printed.returncode == 0, printed.stderr
    lines = (line.partition("=") for line in printed.stdout.splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, _, value in lines}


def test_configuration_is_accepted(environment: dict[str, str]) -> None:
    checked = run([str(BIN / "gunicorn"), "--check-config", "manage:app"], environment)
    assert checked.returncode == 0
    assert "Invalid value" not in checked.stderr


def test_default_binds_to_loopback_and_trusts_no_proxy() -> None:
    defaults = print_config(FORWARDED_ALLOW_IPS="*")
    assert defaults["bind"] == "['127.0.0.1:8000']"
    assert 2 <= int(defaults["workers"]) <= 8
    assert defaults["worker_class"] == "<Worker()>"  # a subclass of gthread's
    assert defaults["control_socket_disable"] == "True"
    assert defaults["accesslog"] == "None"
    for name in ("forwarded_allow_ips", "forwarder_headers"):
        assert defaults[name] == "[]"
    assert defaults["secure_scheme_headers"] == "{}"


def test_variables_become_settings() -> None:
    settings = print_config(
        PORT="5001", WEB_CONCURRENCY="3", WEB_THREADS="5", WEB_MAX_REQUESTS="500"
    )
    assert settings["bind"] in {"['[::]:5001']", "['0.0.0.0:5001']"}  # with IPv6, without
    assert (settings["workers"], settings["threads"]) == ("3", "5")
    assert (settings["max_requests"], settings["max_requests_jitter"]) == ("500", "50")


@pytest.mark.parametrize(
    ("parameter", "bind"), [("bindv6only", "0.0.0.0:5001"), ("conf/all/disable_ipv6", "[::]:5001")]
)
def test_port_accepts_ipv4_where_ipv6_is_limited(
    environment: dict[str, str], parameter: str, bind: str
) -> None:
    script = (
        f"ip link set lo up && echo 1 >/proc/sys/net/ipv6/{parameter} || exit 77; "
        f"{BIN}/gunicorn manage:app & "
        "curl -s --retry 50 --retry-delay 1 --retry-all-errors http://127.0.0.1:5001/healthz; "
        "kill %1; wait"
    )
    namespace = ["unshare", "--map-root-user", "--net"]
    served = run([*namespace, "bash", "-mc", script], environment | {"PORT": "5001"})
    if served.returncode == 77:
        pytest.skip(f"A network namespace needs root: {served.stderr}")
    assert served.stdout == "ok"
    assert f"Listening at: http://{bind}" in served.stderr


def test_command_line_wins_over_variables() -> None:
    arguments = ("--bind", "unix:/tmp/x", "--workers", "1")
    settings = print_config(*arguments, PORT="5001", WEB_CONCURRENCY="3")
    assert (settings["bind"], settings["workers"]) == ("['unix:/tmp/x']", "1")


def test_invalid_variable_stops_gunicorn_with_one_message(
    environment: dict[str, str],
) -> None:
    stopped = run([str(BIN / "gunicorn"), "manage:app"], environment | {"WEB_THREADS": "many"})
    assert stopped.returncode == 3
    assert "WEB_THREADS is 'many': use a whole number" in stopped.stderr
    assert "Traceback" not in stopped.stderr


@pytest.fixture(scope="module")
def binds(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """A site that sends defaults http to https, listening on a port and on a unix socket."""
    with tempfile.TemporaryDirectory() as folder:
        unix = f"unix:{folder}/web.sock"
        redirecting = environment | {"SSL_REDIRECT": "true"}
        with Gunicorn(redirecting, "--workers", "1", "--bind", unix) as running:
            yield {"tcp": running.bind, "unix": unix}


@pytest.mark.parametrize("bind", ["tcp", "unix"])
@pytest.mark.parametrize(
    "header", ["X-Forwarded-Proto: https", "X-Forwarded-Ssl: on", "X-Forwarded-Protocol: ssl"]
)
def test_headers_of_clients_do_not_make_a_request_secure(
    binds: dict[str, str], bind: str, header: str
) -> None:
    name, _, value = header.partition(": ")
    answer = fetch(connect(binds[bind]), headers={name: value, "Host": "flasky.example"})
    assert answer.headers["Location"] == "https://flasky.example/"


def test_every_line_of_the_log_is_a_json_object(server: Gunicorn) -> None:
    fetch(server.connect(), headers={"Host": "flasky.example"})
    fetch(server.connect(), headers={"Transfer-Encoding": "unknown"})
    os.kill(server.workers[0], signal.SIGKILL)
    eventually(lambda: "SIGKILL" in server.log)
    server.stop()

    lines = [json.loads(line) for line in server.log.splitlines()]
    assert all({"time", "level", "message"} <= line.keys() for line in lines)
    messages = " ".join(line["message"] for line in lines)
    assert "Starting gunicorn" in messages
    assert "was sent SIGKILL" in messages
    assert "Shutting down" in messages


def test_request_is_logged_once(server: Gunicorn) -> None:
    fetch(server.connect(), "/nowhere", headers={"Host": "flasky.example"})
    eventually(lambda: "/nowhere" in server.log)
    server.stop()
    assert sum("/nowhere" in line for line in server.log.splitlines()) == 1


def test_metrics_are_in_shared_memory_and_are_deleted_when_gunicorn_stops(
    environment: dict[str, str],
) -> None:
    with Gunicorn(environment) as server:
        folder = metrics_folder(server)
        assert folder.parent == Path("/dev/shm")
        server.stop()
    assert not folder.exists()


def test_metrics_of_other_processes_in_the_same_folder_are_kept(
    environment: dict[str, str], tmp_path: Path
) -> None:
    slot = Slot(tmp_path)  # of this process
    gauges = tmp_path / f"gauge_livesum_{slot()}.db"
    gauges.touch()
    with Gunicorn(environment | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}) as server:
        assert fetch(server.connect(), "/metrics").status == 200
        assert gauges.exists()


def test_metrics_folder_is_owned_by_the_user_of_the_workers(
    environment: dict[str, str], tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("Only root can start workers as another user: run the tests as root.")
    script = (
        "import runpy; from types import SimpleNamespace as N; "
        "conf = runpy.run_path('gunicorn.conf.py'); "
        "conf['on_starting'](N(cfg=N(uid=1234, gid=4321)))"
    )

    done = run(
        [sys.executable, "-c", script],
        environment | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path.stat().st_uid, tmp_path.stat().st_gid) == (1234, 4321)


def test_deleted_metrics_folder_is_created_again(environment: dict[str, str]) -> None:
    with Gunicorn(environment, "--workers", "1") as server:
        shutil.rmtree(metrics_folder(server))
        [worker] = server.workers
        os.kill(worker, signal.SIGKILL)
        eventually(lambda: server.workers not in ([worker], []), "a new worker")
        assert fetch(server.connect(), "/healthz").status == 200


def metrics_folder(server: Gunicorn) -> Path:
    """Return the folder of the metrics files that a worker of `server` has mapped."""
    maps = Path(f"/proc/{server.workers[0]}/maps").read_text("ascii")
    found = re.search(r"(/\S+/flasky-\w+)/\w+_\d+\.db", maps)
    assert found is not None
    return Path(found[1])


def test_no_control_socket_is_created_in_the_home_directory(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with Gunicorn(environment | {"HOME": str(tmp_path)}):
        assert not (tmp_path / ".gunicorn").exists()


def test_systemd_is_notified_when_gunicorn_is_ready(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifications:
        notifications.bind(str(tmp_path / "notify"))
        with Gunicorn(environment | {"NOTIFY_SOCKET": str(tmp_path / "notify")}):
            notifications.settimeout(TIMEOUT)
            assert b"READY=1" in notifications.recv(4096)
