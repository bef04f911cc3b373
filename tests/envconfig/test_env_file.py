"""The file `.env`: whose it is, and which lines are errors."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from envconfig import env_file
from tests.support.project_copy import copy_project

BIN = Path(sys.executable).parent
COMMANDS = {
    "flask": [str(BIN / "flask"), "--app", "manage.py", "config", "MAIL_SERVER"],
    "manage.py": [sys.executable, "manage.py", "config", "MAIL_SERVER"],
    "gunicorn": [str(BIN / "gunicorn"), "--check-config", "manage:app"],
}


def run(command: str, folder: Path) -> tuple[int, str]:
    """Run a command in `folder`; return its exit status and its output."""
    result = subprocess.run(
        COMMANDS[command],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "FLASK_CONFIG": "development"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy_project(tmp_path / "parent/project")


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("", {}),
        ("\n# a comment\n  \n", {}),
        (
            "A=1\nexport B='2 # 3'\r\nC=\"4\\n5\" # comment\n",
            {"A": "1", "B": "2 # 3", "C": "4\n5"},
        ),
        ("A = 1\nA=2\nB=", {"A": "2", "B": ""}),
        ("A='$5 {x} $x'\nB=http://x/?a=b#c", {"A": "$5 {x} $x", "B": "http://x/?a=b#c"}),
        ("A=你好", {"A": "你好"}),
    ],
)
def test_valid_lines_are_read(text: str, variables: dict[str, str]) -> None:
    assert dict(env_file.parse(text)) == variables


@pytest.mark.parametrize(
    "line",
    [
        "KEY: value",
        "KEY: 'value'",
        "KEY value",
        "KEY",
        "KEY:=value",
        "MY-KEY=value",
        "1KEY=value",
        "KEY='value",
        'KEY="value',
        "KEY='value' more",
        "set KEY=value",
        "KEY='a${HOME}b'",
        "KEY=${HOME}",
        'KEY="${HOME}"',
        "K\0E\0Y\0=\0v\0",
        "KEY=v\0",
        "<<<<<<< HEAD",
        '{"KEY": "value"}',
    ],
)
@pytest.mark.parametrize("before", ["", "A=1\n", "A=1\r\n\r\n# comment\r\n", "A='1\n2'\n\n  "])
def test_invalid_line_is_named(line: str, before: str, capsys: pytest.CaptureFixture[str]) -> None:
    number = before.replace("\r\n", "\n").count("\n") + 1
    with pytest.raises(SystemExit) as stopped:
        dict(env_file.parse(f"{before}{line}\nB=2\n"))

    [message] = capsys.readouterr().err.splitlines()
    assert stopped.value.code == env_file.CONFIGURATION_ERROR
    assert f"{env_file.FILE}, line {number}: write NAME=value" in message
    assert "value'" not in message.replace("NAME='value'", "")  # it may be a secret


@pytest.mark.parametrize("content", ["A=é".encode("latin-1"), "A=é\n".encode("utf-16"), None])
def test_unreadable_file_is_named(
    content: bytes | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(env_file, "FILE", tmp_path / ".env")
    if content is None:
        (tmp_path / ".env").symlink_to("/proc/self/mem")  # which root cannot read either
    else:
        (tmp_path / ".env").write_bytes(content)

    with pytest.raises(SystemExit) as stopped:
        env_file.load()

    [message] = capsys.readouterr().err.splitlines()
    assert stopped.value.code == env_file.CONFIGURATION_ERROR
    assert f"{tmp_path}/.env" in message


@pytest.mark.parametrize("content", ["A_VARIABLE=é", "\ufeffA_VARIABLE=é\n"])
def test_variables_that_are_set_win(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(env_file, "FILE", tmp_path / ".env")
    monkeypatch.setenv("SECOND", "kept")
    monkeypatch.setenv("A_VARIABLE", "")
    monkeypatch.delenv("A_VARIABLE")
    (tmp_path / ".env").write_text(f"{content}\nSECOND=2\n")

    env_file.load()

    assert (os.environ["A_VARIABLE"], os.environ["SECOND"]) == ("é", "kept")


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_only_the_file_of_the_project_is_read(command: str, project: Path) -> None:
    (project.parent / ".env").write_text("MAIL_SERVER: x\nMAIL_PORT=many\n")
    status, output = run(command, project)
    if command == "flask":  # it reads the file before manage.py is imported
        assert status == env_file.CONFIGURATION_ERROR
        assert f"flask has read {project.parent}/.env" in output.splitlines()[-1]
    else:
        assert status == 0, output

    (project / ".env").write_text("MAIL_SERVER=mail.example.com\n")
    status, output = run(command, project)
    assert status == 0, output
    assert command == "gunicorn" or "mail.example.com" in output

    (project / ".env").write_text("\nMAIL_SERVER: mail.example.com\n")
    status, output = run(command, project)
    assert status == env_file.CONFIGURATION_ERROR
    assert f"{project}/.env, line 2" in output.splitlines()[-1]
    assert "Traceback" not in output
