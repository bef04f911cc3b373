"""The units in deploy/systemd/ are right, and leave a process that was taken over little to do."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.repository import ROOT

UNITS = ROOT / "deploy/systemd"
SERVICES = ("flasky-web.service", "flasky-worker.service")
MOST_EXPOSED = 1.3  # of 10; the rest is the network, which both need
STANDARD = Path("/usr/lib/systemd/system")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine with the units where docs/deploying/server.md puts them, and their programs."""
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
    """Return what systemd reads for a unit: its file, and what all of them share."""
    own = (UNITS / name).read_text()
    return own + (UNITS / "flasky-.service.d/common.conf").read_text()


@pytest.mark.parametrize("name", [*SERVICES, "flasky-web.socket"])
def test_unit_is_accepted_without_a_warning(machine: Path, name: str) -> None:
    checked = analyze(machine, "--recursive-errors=one", "verify", name)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_hardened(machine: Path, name: str) -> None:
    most = f"--threshold={MOST_EXPOSED * 10:.0f}"
    rated = analyze(machine, "security", "--offline=true", most, name)
    assert rated.returncode == 0, rated.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_service_outlives_a_database_that_is_away(name: str) -> None:
    assert "Restart=always" in unit(name)
    assert "StartLimitIntervalSec=0" in unit(name)


@pytest.mark.parametrize("name", SERVICES)
def test_service_brings_the_database_up_to_date_before_it_starts(name: str) -> None:
    commands = re.findall(r"^ExecStart(?:Pre)?=(.*)$", unit(name), re.MULTILINE)
    assert "/srv/flasky/.venv/bin/flask deploy" in commands[:-1]


def test_requests_have_less_time_to_finish_than_systemd_gives() -> None:
    gunicorn = (ROOT / "gunicorn.conf.py").read_text()
    graceful = int(re.findall(r"^graceful_timeout = (\d+)", gunicorn, re.MULTILINE)[0])
    for text in (unit("flasky-web.service"), (ROOT / "deploy/supervisor/flasky.conf").read_text()):
        given = re.findall(r"^(?:TimeoutStopSec|stopwaitsecs)=(\d+)", text, re.MULTILINE)
        assert given
        assert all(int(seconds) > graceful + 10 for seconds in given)


def test_nginx_and_systemd_speak_of_the_same_socket_and_folder() -> None:
    site = (ROOT / "deploy/nginx/flasky.conf").read_text()
    assert "server unix:/run/flasky/web.sock;" in site
    assert "ListenStream=/run/flasky/web.sock" in unit("flasky-web.socket")
    assert "root /var/cache/flasky/static;" in site
    assert "STATIC_COLLECTED=/var/cache/flasky/static" in unit("flasky-web.service")
