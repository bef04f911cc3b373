"""What gunicorn.conf.py makes of its variables, of strangers' headers, and of its log."""

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

from tests.system.servers import (
    BIN,
    PATIENCE,
    Gunicorn,
    connect,
    deploy,
    eventually,
    fetch,
    production,
    run,
)

pytestmark = pytest.mark.slow


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


def effective(*arguments: str, **variables: str) -> dict[str, str]:
    """Return gunicorn's settings as it prints them."""
    environment = {"PATH": os.environ["PATH"], "FLASK_CONFIG": "testing", **variables}
    printed = run([str(BIN / "gunicorn"), *arguments, "--print-config", "manage:app"], environment)
    assert printed.returncode == 0, printed.stderr
    lines = (line.partition("=") for line in printed.stdout.splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, _, value in lines}


def test_configuration_is_accepted(environment: dict[str, str]) -> None:
    checked = run([str(BIN / "gunicorn"), "--check-config", "manage:app"], environment)
    assert checked.returncode == 0
    assert "Invalid value" not in checked.stderr


def test_without_variables_gunicorn_serves_this_machine_alone() -> None:
    plain = effective(FORWARDED_ALLOW_IPS="*")
    assert plain["bind"] == "['127.0.0.1:8000']"
    assert 2 <= int(plain["workers"]) <= 8
    assert plain["worker_class"] == "<Worker()>"  # ours, made of gthread
    assert plain["control_socket_disable"] == "True"
    assert plain["accesslog"] == "None"
    for whom in ("forwarded_allow_ips", "forwarder_headers"):
        assert plain[whom] == "[]"
    assert plain["secure_scheme_headers"] == "{}"


def test_variables_become_settings() -> None:
    told = effective(PORT="5001", WEB_CONCURRENCY="3", WEB_THREADS="5", WEB_MAX_REQUESTS="500")
    assert told["bind"] == "['0.0.0.0:5001']"
    assert (told["workers"], told["threads"]) == ("3", "5")
    assert (told["max_requests"], told["max_requests_jitter"]) == ("500", "50")


def test_command_line_wins_over_variables() -> None:
    arguments = ("--bind", "unix:/tmp/x", "--workers", "1")
    told = effective(*arguments, PORT="5001", WEB_CONCURRENCY="3")
    assert (told["bind"], told["workers"]) == ("['unix:/tmp/x']", "1")


def test_variable_that_cannot_be_read_stops_gunicorn_with_one_sentence(
    environment: dict[str, str],
) -> None:
    stopped = run([str(BIN / "gunicorn"), "manage:app"], environment | {"WEB_THREADS": "many"})
    assert stopped.returncode == 3
    assert "WEB_THREADS is 'many': write a whole number" in stopped.stderr
    assert "Traceback" not in stopped.stderr


@pytest.fixture(scope="module")
def doors(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """A site that sends plain http to https, listening on a port and on a unix socket."""
    with tempfile.TemporaryDirectory() as folder:
        unix = f"unix:{folder}/web.sock"
        redirecting = environment | {"SSL_REDIRECT": "true"}
        with Gunicorn(redirecting, "--workers", "1", "--bind", unix) as running:
            yield {"tcp": running.bind, "unix": unix}


@pytest.mark.parametrize("door", ["tcp", "unix"])
@pytest.mark.parametrize(
    "header", ["X-Forwarded-Proto: https", "X-Forwarded-Ssl: on", "X-Forwarded-Protocol: ssl"]
)
def test_nobody_is_believed_to_have_come_by_https(
    doors: dict[str, str], door: str, header: str
) -> None:
    name, _, value = header.partition(": ")
    answer = fetch(connect(doors[door]), headers={name: value, "Host": "flasky.example"})
    assert answer.headers["Location"] == "https://flasky.example/"


def test_every_line_of_the_log_is_one_object(server: Gunicorn) -> None:
    fetch(server.connect(), headers={"Host": "flasky.example"})
    fetch(server.connect(), headers={"Transfer-Encoding": "unknown"})
    os.kill(server.workers[0], signal.SIGKILL)
    eventually(lambda: "SIGKILL" in server.log)
    server.stop()

    lines = [json.loads(line) for line in server.log.splitlines()]
    assert all({"time", "level", "message"} <= line.keys() for line in lines)
    said = " ".join(line["message"] for line in lines)
    assert "Starting gunicorn" in said
    assert "was sent SIGKILL" in said
    assert "Shutting down" in said


def test_request_is_logged_once(server: Gunicorn) -> None:
    fetch(server.connect(), "/nowhere", headers={"Host": "flasky.example"})
    eventually(lambda: "/nowhere" in server.log)
    server.stop()
    assert sum("/nowhere" in line for line in server.log.splitlines()) == 1


def test_counts_are_kept_in_memory_and_are_gone_when_gunicorn_has_stopped(
    environment: dict[str, str],
) -> None:
    with Gunicorn(environment) as server:
        folder = folder_of_counts(server)
        assert folder.parent == Path("/dev/shm")
        server.stop()
    assert not folder.exists()


def test_counts_of_a_worker_for_jobs_in_the_same_folder_live_on(
    environment: dict[str, str], tmp_path: Path
) -> None:
    alive = tmp_path / f"counter_{os.getpid()}.db"
    alive.touch()
    with Gunicorn(environment | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}) as server:
        assert fetch(server.connect(), "/metrics").status == 200
        assert alive.exists()


def test_folder_belongs_to_whom_the_workers_will_be(
    environment: dict[str, str], tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("Only root can start workers as somebody else: sudo make test")
    starting = (
        "import runpy; from types import SimpleNamespace as Some; "
        "conf = runpy.run_path('gunicorn.conf.py'); "
        "conf['on_starting'](Some(cfg=Some(uid=1234, gid=4321)))"
    )

    done = run(
        [sys.executable, "-c", starting],
        environment | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path.stat().st_uid, tmp_path.stat().st_gid) == (1234, 4321)


def test_folder_that_was_tidied_away_is_made_again(environment: dict[str, str]) -> None:
    with Gunicorn(environment, "--workers", "1") as server:
        shutil.rmtree(folder_of_counts(server))
        [worker] = server.workers
        os.kill(worker, signal.SIGKILL)
        eventually(lambda: server.workers not in ([worker], []), "a new worker")
        assert fetch(server.connect(), "/healthz").status == 200


def folder_of_counts(server: Gunicorn) -> Path:
    """Return the folder whose files a worker of `server` has mapped into its memory."""
    maps = Path(f"/proc/{server.workers[0]}/maps").read_text("ascii")
    found = re.search(r"(/\S+/flasky-\w+)/\w+_\d+\.db", maps)
    assert found is not None
    return Path(found[1])


def test_no_control_socket_is_left_in_the_home(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with Gunicorn(environment | {"HOME": str(tmp_path)}):
        assert not (tmp_path / ".gunicorn").exists()


def test_systemd_is_told_when_it_listens(environment: dict[str, str], tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        notices.bind(str(tmp_path / "notify"))
        with Gunicorn(environment | {"NOTIFY_SOCKET": str(tmp_path / "notify")}):
            notices.settimeout(PATIENCE)
            assert b"READY=1" in notices.recv(4096)
