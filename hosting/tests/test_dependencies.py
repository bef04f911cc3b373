"""Version of Python and packages of a release."""

import platform
from pathlib import Path

import pytest

from hosting.agent import dependencies
from hosting.agent.paths import CommandError

HERE = ".".join(platform.python_version_tuple()[:2])
PYTHON = "/usr/bin/python3"


@pytest.fixture(autouse=True)
def server_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's Python is that of the tests."""
    monkeypatch.setattr(dependencies, "version", lambda _path: platform.python_version())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".python-version", HERE),
        (".python-version", f"# comment\n{HERE}.99\n"),
        ("runtime.txt", f"python-{HERE}.1\n"),
        ("pyproject.toml", "[project]\nrequires-python = '>=3.9,<4'\n"),
        ("hosting.toml", f"python = '{HERE}'\n"),
        ("other.txt", ""),
    ],
)
def test_python_of_the_server_is_used(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)

    assert dependencies.python(tmp_path) == PYTHON


@pytest.mark.parametrize(
    ("name", "text", "source"),
    [
        (".python-version", "3.99.1\n", ".python-version"),
        ("runtime.txt", "python-3.99\n", "runtime.txt"),
        ("pyproject.toml", "[project]\nrequires-python = '>=3.99'\n", "requires-python in"),
        ("hosting.toml", "python = '3.99'\n", "`python` in the settings"),
    ],
)
def test_missing_python_is_refused(tmp_path: Path, name: str, text: str, source: str) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(CommandError) as error:
        dependencies.python(tmp_path)

    assert str(error.value).startswith(source)
    assert f"asks for Python 3.99; the server has {HERE}." in str(error.value)
    assert "uv python install 3.99" in str(error.value)


def test_other_python_of_the_server_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".python-version").write_text("3.99")
    (tmp_path / "python3.99").touch(mode=0o755)
    monkeypatch.setattr(dependencies, "PYTHONS", str(tmp_path))

    assert dependencies.python(tmp_path) == str(tmp_path / "python3.99")


def test_version_for_another_platform_is_ignored(tmp_path: Path) -> None:
    (tmp_path / ".python-version").write_text("3.99")
    (tmp_path / "hosting.toml").write_text("python = 'server'")

    assert dependencies.python(tmp_path) == PYTHON


def test_unreadable_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runtime.txt").write_text("pypy-7.3\n")

    with pytest.raises(CommandError, match=r"must contain a version such as 3\.12, not"):
        dependencies.python(tmp_path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("poetry.lock", "poetry.lock is not supported. Convert it, and commit the result: poetry"),
        ("Pipfile", "pipenv requirements"),
        ("other.txt", "has no requirements.txt, uv.lock or pyproject.toml with dependencies"),
    ],
)
def test_unsupported_requirements_are_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / name).touch()

    with pytest.raises(CommandError, match=message):
        dependencies.files(tmp_path)


def test_requirements_precede_locks_and_dependencies(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    (tmp_path / "pyproject.toml").write_text("[project]\ndependencies = ['flask>=3']\n")
    assert dependencies.files(tmp_path) == [tmp_path / "pyproject.toml"]
    commands = dependencies.install_commands(tmp_path, venv, PYTHON)
    assert commands[0][0] == [PYTHON, "-m", "venv", str(venv)]
    assert commands[-1][0][-2:] == ["--", "flask>=3"]

    (tmp_path / "uv.lock").touch()
    assert dependencies.files(tmp_path)[0] == tmp_path / "uv.lock"
    assert "sync" in dependencies.install_commands(tmp_path, venv, PYTHON)[-1][0]

    (tmp_path / "requirements.txt").write_text("-r more.txt\n")
    with pytest.raises(CommandError, match=r"more\.txt is missing in the repository"):
        dependencies.files(tmp_path)
    (tmp_path / "more.txt").write_text("-r requirements.txt\n")
    assert [file.name for file in dependencies.files(tmp_path)] == ["requirements.txt", "more.txt"]


@pytest.mark.parametrize(
    ("name", "text", "is_local"),
    [
        ("requirements.txt", "flask\n", False),
        ("requirements.txt", "flask\n-e .\n", True),
        ("requirements.txt", "./library\n", True),
        ("pyproject.toml", "[project]\ndependencies = []\n", False),
        ("pyproject.toml", "[build-system]\n[project]\ndependencies = []\n", True),
    ],
)
def test_packages_from_the_repository_are_installed_for_each_commit(
    tmp_path: Path, name: str, text: str, is_local: bool
) -> None:
    (tmp_path / name).write_text(text)

    digests = {dependencies.digest(tmp_path, PYTHON, commit) for commit in ("a", "b")}

    assert len(digests) == (2 if is_local else 1)
