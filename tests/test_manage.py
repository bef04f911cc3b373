"""Starting for real: a broken configuration is one message, not a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository import ROOT

BIN = Path(sys.executable).parent
CANNOT_START = 3
# Empty rather than absent: a developer's own .env must not fill them in.
EMPTY = dict.fromkeys(
    ["SECRET_KEY", "DATABASE_URL", "FLASKY_URL", "FLASKY_ADMIN", "MAIL_USERNAME", "DYNO"], ""
)
ENTRANCES = {
    "manage.py": [sys.executable, "manage.py", "deploy"],
    "flask": [str(BIN / "flask"), "deploy"],
}
# With two processes: each would find fault with the settings.
SERVER = [str(BIN / "gunicorn"), "--workers", "2", "manage:app"]


def run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **EMPTY, **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("command", [*ENTRANCES.values(), SERVER], ids=[*ENTRANCES, "gunicorn"])
def test_broken_production_is_one_message(command: list[str]) -> None:
    done = run(command, FLASK_CONFIG="production")

    assert done.returncode == CANNOT_START
    assert done.stdout == ""
    assert done.stderr.count("ProductionConfig cannot start") == 1
    assert all(name in done.stderr for name in ("SECRET_KEY", "DATABASE_URL", "FLASKY_URL"))
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [*ENTRANCES.values(), SERVER], ids=[*ENTRANCES, "gunicorn"])
def test_unknown_configuration_is_one_line(command: list[str]) -> None:
    done = run(command, FLASK_CONFIG="prod")

    assert done.returncode == CANNOT_START
    assert len(done.stderr.splitlines()) == 1
    assert "choose one of" in done.stderr


@pytest.mark.parametrize("command", ENTRANCES.values(), ids=ENTRANCES)
def test_deploy_works_from_either_entrance(command: list[str], tmp_path: Path) -> None:
    done = run(
        command, FLASK_CONFIG="development", DEV_DATABASE_URL=f"sqlite:///{tmp_path}/site.sqlite"
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "Deployed."


def test_routes_are_listed() -> None:
    done = run([sys.executable, "manage.py", "routes"], FLASK_CONFIG="testing")

    assert done.returncode == 0
    assert {"main.index", "auth.login"} <= set(done.stdout.split())


def test_gunicorn_stops_at_once_when_the_configuration_is_broken() -> None:
    command = [str(BIN / "gunicorn"), "--bind", "127.0.0.1:0", "--workers", "1", "manage:app"]
    done = run(command, FLASK_CONFIG="prod")

    assert done.returncode == CANNOT_START
    assert done.stderr.count("choose one of") == 1


def test_gunicorn_with_the_development_configuration_says_so() -> None:
    command = ["timeout", "20", str(BIN / "gunicorn"), "--bind", "127.0.0.1:0", "manage:app"]
    environment = {"PATH": os.environ["PATH"], **EMPTY, "FLASK_CONFIG": "development"}

    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        said = any("THIS IS THE DEVELOPMENT CONFIGURATION" in line for line in server.stderr)
        server.terminate()

    assert said


def test_python_without_the_packages_is_told_what_to_do() -> None:
    done = run([sys.executable, "-S", "-I", "manage.py", "deploy"])

    assert done.returncode == 1
    assert done.stderr.startswith("No module named 'dotenv'. Activate the environment first")
    assert "Traceback" not in done.stderr
