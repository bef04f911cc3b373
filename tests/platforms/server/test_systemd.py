"""The units of deploy/systemd/ are valid and hardened."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.repository import ROOT

UNITS = ROOT / "deploy/systemd"
SERVICES = ["flasky-web.service", "flasky-worker.service"]
SERVICES += ["flasky-live.service"]  # demo-only
SOCKETS = sorted(file.name for file in UNITS.glob("*.socket"))
MAX_EXPOSURE = 1.3  # of 10, by `systemd-analyze security`; both services need the network
STANDARD = Path("/usr/lib/systemd/system")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A root folder with the units and their executables, as in docs/deploying/server.md."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed: sudo apt install systemd")
    shutil.copytree(UNITS, tmp_path / "etc/systemd/system")
    known = [*STANDARD.glob("*.target"), *STANDARD.glob("*.slice"), *STANDARD.glob("*.socket")]
    (tmp_path / "usr/lib/systemd/system").mkdir(parents=True)
    for unit in known:
        shutil.copy(unit, tmp_path / "usr/lib/systemd/system", follow_symlinks=False)
    programs = tmp_path / "srv/flasky/.venv/bin"
    programs.mkdir(parents=True)
    for name in ("flask", "gunicorn"):
        (programs / name).touch(mode=0o755)
    return tmp_path


def analyze(machine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", f"--root={machine}", "--man=no", "--no-pager", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def unit(name: str) -> str:
    """Return the text of a unit and of the shared drop-in."""
    own = (UNITS / name).read_text()
    return own + (UNITS / "flasky-.service.d/common.conf").read_text()


@pytest.mark.parametrize("name", [*SERVICES, *SOCKETS])
def test_unit_is_accepted_without_a_warning(machine: Path, name: str) -> None:
    checked = analyze(machine, "--recursive-errors=one", "verify", name)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_hardened(machine: Path, name: str) -> None:
    most = f"--threshold={MAX_EXPOSURE * 10:.0f}"
    rated = analyze(machine, "security", "--offline=true", most, name)
    assert rated.returncode == 0, rated.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_service_keeps_restarting_while_the_database_is_down(name: str) -> None:
    assert "Restart=always" in unit(name)
    assert "StartLimitIntervalSec=0" in unit(name)


@pytest.mark.parametrize("name", SERVICES)
def test_service_runs_flask_deploy_before_it_starts(name: str) -> None:
    commands = re.findall(r"^ExecStart(?:Pre)?=(.*)$", unit(name), re.MULTILINE)
    assert "/srv/flasky/.venv/bin/flask deploy" in commands[:-1]


def test_graceful_timeout_is_shorter_than_that_of_systemd() -> None:
    gunicorn = (ROOT / "gunicorn.conf.py").read_text()
    graceful = int(re.findall(r"^graceful_timeout = (\d+)", gunicorn, re.MULTILINE)[0])
    for text in (unit("flasky-web.service"), (ROOT / "deploy/supervisor/flasky.conf").read_text()):
        given = re.findall(r"^(?:TimeoutStopSec|stopwaitsecs)=(\d+)", text, re.MULTILINE)
        assert given
        assert all(int(seconds) > graceful + 10 for seconds in given)


def test_nginx_and_systemd_use_the_same_socket_and_folder() -> None:
    site = (ROOT / "deploy/nginx/flasky.conf").read_text()
    assert "server unix:/run/flasky/web.sock;" in site
    assert "ListenStream=/run/flasky/web.sock" in unit("flasky-web.socket")
    assert "root /var/cache/flasky/static;" in site
    assert "STATIC_ROOT=/var/cache/flasky/static" in unit("flasky-web.service")
