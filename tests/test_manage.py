"""The entry points: an invalid configuration is one message, not a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repository import ROOT

BIN = Path(sys.executable).parent
CANNOT_START = 3
# Empty rather than unset, so that a developer's .env does not set them.
EMPTY = dict.fromkeys(
    ["SECRET_KEY", "DATABASE_URL", "SITE_URL", "FLASKY_ADMIN", "MAIL_USERNAME", "DYNO"], ""
)
COMMANDS = {
    "manage.py": [sys.executable, "manage.py", "deploy"],
    "flask": [str(BIN / "flask"), "deploy"],
}
# With two workers, each of which would print the message.
GUNICORN = [str(BIN / "gunicorn"), "--bind", "127.0.0.1:0", "--workers", "2", "manage:app"]


def run(
    command: list[str], cwd: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env={"PATH": os.environ["PATH"], **EMPTY, **environment},
        check=False,
        capture_output=True,
        text=True,
        errors="backslashreplace",
        timeout=120,
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", [*COMMANDS.values(), GUNICORN], ids=[*COMMANDS, "gunicorn"])
def test_invalid_configuration_is_one_message(command: list[str]) -> None:
    result = run(command, FLASK_CONFIG="production")

    assert result.returncode == CANNOT_START
    assert result.stdout == ""
    assert result.stderr.count("Invalid configuration: ProductionConfig") == 1
    assert all(name in result.stderr for name in ("SECRET_KEY", "DATABASE_URL", "SITE_URL"))
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_unknown_configuration_is_one_line() -> None:
    result = run(GUNICORN, FLASK_CONFIG="prod")

    assert result.returncode == CANNOT_START
    assert len(result.stderr.splitlines()) == 1
    assert "choose one of" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_deploy_works_with_each_entry_point(command: list[str], tmp_path: Path) -> None:
    result = run(
        command, FLASK_CONFIG="development", DEV_DATABASE_URL=f"sqlite:///{tmp_path}/site.sqlite"
    )

    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "Deployed."


@pytest.mark.slow
def test_deploy_works_from_another_directory(tmp_path: Path) -> None:
    result = run(
        [sys.executable, str(ROOT / "manage.py"), "deploy"],
        tmp_path,
        FLASK_CONFIG="development",
        DEV_DATABASE_URL=f"sqlite:///{tmp_path}/site.sqlite",
    )

    assert result.returncode == 0, result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        ["--chdir", str(ROOT)],
        ["-c", str(ROOT / "gunicorn.conf.py")],
        ["-c", str(ROOT / "gunicorn.conf.py"), "--chdir", str(ROOT)],
    ],
    ids=["chdir", "config", "both"],
)
def test_gunicorn_starts_from_another_directory(tmp_path: Path, options: list[str]) -> None:
    result = run([str(BIN / "gunicorn"), "--check-config", *options, "manage:app"], tmp_path)

    assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_gunicorn_warns_about_the_development_configuration() -> None:
    command = ["timeout", "60", str(BIN / "gunicorn"), "--bind", "127.0.0.1:0", "manage:app"]
    environment = {"PATH": os.environ["PATH"], **EMPTY, "FLASK_CONFIG": "development"}

    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        warned = any("DEVELOPMENT CONFIGURATION" in line for line in server.stderr)
        server.terminate()

    assert warned


# As a job does; the terminal may lack any character of an email.
SEND_EMAIL = """
import manage
from app.mail import smtp
from app.models import OutboxEmail
fields = {"subject": "Gr\u00fc\u00dfe", "body_text": "\u4f60\u597d"}
with manage.app.app_context():
    smtp.send(OutboxEmail(recipient="ann@example.com", **fields))
"""


@pytest.mark.slow
def test_terminal_without_utf8_shows_everything(tmp_path: Path) -> None:
    for arguments, shown in [
        (["manage.py", "deploy"], "Deployed."),
        (["manage.py", "demo", "seed"], "Creating demo data"),
        (["-m", "flask", "config"], "sha256:"),
        (["-c", SEND_EMAIL], "To: ann@example.com"),
    ]:
        result = run(
            [sys.executable, *arguments],
            FLASK_APP="manage.py",
            FLASK_CONFIG="development",
            DEV_DATABASE_URL=f"sqlite:///{tmp_path}/site.sqlite",
            PYTHONIOENCODING="cp1252",
            LC_ALL="C",
        )

        assert result.returncode == 0, result.stderr
        assert shown in result.stdout


def test_missing_packages_are_a_message_with_the_fix() -> None:
    result = run([sys.executable, "-S", "-I", "manage.py", "deploy"])

    assert result.returncode == 1
    assert result.stderr.startswith("No module named 'flask'. Activate the environment first")
    assert "Traceback" not in result.stderr


def test_windows_is_a_message() -> None:
    result = run([sys.executable, "-c", "import os; os.name = 'nt'; import manage"])

    assert result.returncode == 1
    assert result.stderr.startswith("Flasky does not run on Windows. Use WSL")
    assert "Traceback" not in result.stderr
