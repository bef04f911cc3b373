"""bin/venv creates .venv, repairs it or leaves it alone, and explains every failure."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.repository import ROOT
from tests.template.bin.conftest import REAL_PYTHON, Clone

OLD_PYTHON = f"""#!/bin/sh
exec "{REAL_PYTHON}" -c "import sys; sys.version_info = (3, 10, 9)
$2"
"""
PYENV = "#!/bin/sh\nprintf '3.12.1\\nsystem\\n'\n"
PYENV_PYTHON = """#!/bin/sh
[ "$PYENV_VERSION" = 3.12.1:system ] && exec python3.real "$@"
echo "pyenv: version is not installed (set by .python-version)" >&2; exit 127
"""
GONE = "The Python interpreter of .venv has been removed or upgraded."
BARE_PYTHON = f'#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\nexec "{REAL_PYTHON}" "$@"\n'


def test_fresh_clone_is_installed_once(clone: Clone) -> None:
    first = clone.run("bin/venv", "common")
    second = clone.run("bin/venv", "common")

    assert "Installing requirements/common.txt into .venv (only once" in first.stdout
    assert (first.returncode, second.returncode, second.stdout) == (0, 0, "")


@pytest.mark.parametrize("lock", ["common", "prod"])
def test_development_environment_includes_the_other_locks(clone: Clone, lock: str) -> None:
    clone.run("bin/venv", "dev")

    assert clone.run("bin/venv", lock).stdout == ""


def test_pyenv_need_not_have_the_python_of_the_platforms(clone: Clone) -> None:
    (clone.tools / "python3").rename(clone.tools / "python3.real")
    clone.install_tool("python3", PYENV_PYTHON)
    clone.install_tool("pyenv", PYENV)

    assert clone.run("bin/venv", "common").returncode == 0


@pytest.mark.parametrize("lock", ["common", "dev"])
def test_changed_lock_is_installed(clone: Clone, lock: str) -> None:
    clone.run("bin/venv", lock)
    with (clone.path / f"requirements/{lock}.txt").open("a") as file:
        file.write("# one more line\n")

    assert "it has changed or was not installed yet" in clone.run("bin/venv", lock).stdout
    assert clone.run("bin/venv", lock).stdout == ""


def interrupt(clone: Clone) -> None:
    (clone.path / ".venv/installed.txt").unlink()


def remove_interpreter(clone: Clone) -> None:
    (clone.path / ".venv/bin/python").unlink()
    (clone.path / ".venv/bin/python").symlink_to("/nowhere/python3")


def upgrade_interpreter(clone: Clone) -> None:
    (found,) = (clone.path / ".venv/lib").iterdir()
    found.rename(found.with_name("python3.1"))


def empty(clone: Clone) -> None:
    shutil.rmtree(clone.path / ".venv")
    (clone.path / ".venv").mkdir()


def move(clone: Clone) -> None:
    clone.path = clone.path.rename(clone.path.with_name("moved"))


def remove_pip(clone: Clone) -> None:
    (packages,) = (clone.path / ".venv/lib").glob("*/site-packages")
    shutil.rmtree(packages / "pip")
    (clone.path / ".venv/installed.txt").write_text("an older lock file\n")


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (interrupt, "An earlier installation did not finish."),
        (remove_interpreter, GONE),
        (upgrade_interpreter, GONE),
        (empty, GONE),
        (move, "This directory has been moved since .venv was created."),
        (remove_pip, "pip is missing from .venv."),
    ],
)
def test_damaged_environment_is_rebuilt(
    clone: Clone, damage: Callable[[Clone], None], sentence: str
) -> None:
    clone.run("bin/venv", "common")
    damage(clone)

    repair = clone.run("bin/venv", "common")

    assert repair.stdout == f"{sentence} Rebuilding .venv ...\n"
    assert repair.returncode == 0
    assert clone.run("bin/venv", "common").stdout == ""


@pytest.mark.parametrize(
    ("script", "variables", "sentence"),
    [
        pytest.param(None, {}, "python3 was not found. Install Python 3.11", id="no-python"),
        pytest.param(
            None, {"PYTHON": "python3.99"}, "python3.99 was not found", id="named-but-missing"
        ),
        pytest.param(OLD_PYTHON, {}, "is Python 3.10, but Flasky needs Python 3.11", id="old"),
        pytest.param(BARE_PYTHON, {}, "sudo apt install python3-venv", id="no-venv-module"),
    ],
)
def test_missing_prerequisite_is_named(
    clone: Clone, script: str | None, variables: dict[str, str], sentence: str
) -> None:
    (clone.tools / "python3").unlink()
    if script:
        clone.install_tool("python3", script)

    result = clone.run("bin/venv", "common", **variables)

    assert sentence in result.stdout
    assert "Traceback" not in result.stdout
    assert result.returncode == 1


def test_other_python_can_be_chosen(clone: Clone) -> None:
    clone.run("bin/venv", "common")
    clone.install_tool("python3.42", PYTHON_42)

    result = clone.run("bin/venv", "common", PYTHON="python3.42")

    assert "PYTHON=python3.42 is another version than the Python in .venv." in result.stdout


PYTHON_42 = '#!/bin/sh\ncase "$2" in *%d.%d*) echo 3.42 ;; *) exec python3 "$@" ;; esac\n'


@pytest.mark.parametrize(
    ("pip_says", "sentence"),
    [
        pytest.param("NewConnectionError(...)", "check the network", id="no-network"),
        pytest.param("THESE PACKAGES DO NOT MATCH THE HASHES", "does not match", id="bad-hash"),
        pytest.param("[Errno 28] No space left on device", "The disk is full", id="disk-full"),
        pytest.param("something else", "The end of pip's output is above", id="anything-else"),
    ],
)
def test_failed_installation_is_explained_and_repaired(
    clone: Clone, pip_says: str, sentence: str
) -> None:
    failure = clone.run("bin/venv", "common", PIP_SAYS=pip_says)

    assert sentence in failure.stdout
    assert failure.returncode == 1
    assert "did not finish. Rebuilding .venv" in clone.run("bin/venv", "common").stdout


def test_half_installed_change_is_repaired(clone: Clone) -> None:
    clone.run("bin/venv", "dev")
    lock = clone.path / "requirements/dev.txt"
    before = lock.read_text()
    lock.write_text(before + "# one more line\n")
    clone.run("bin/venv", "dev", PIP_SAYS="something else")
    lock.write_text(before)

    assert "did not finish. Rebuilding .venv" in clone.run("bin/venv", "dev").stdout


@pytest.fixture
def foreground() -> Iterator[None]:
    """Make Ctrl-C interrupt the processes of a test that runs in the background, too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("foreground")
def test_interrupted_installation_is_repaired(clone: Clone) -> None:
    with subprocess.Popen(
        ["bin/venv", "common"],
        cwd=clone.path,
        env=clone.environment(PIP_TAKES="60"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        log = clone.path / ".venv/install.log"
        while process.poll() is None and not (log.exists() and log.read_text()):
            os.sched_yield()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does on Ctrl-C
        output, _ = process.communicate(timeout=120)

    assert "Interrupted. Run the command again to start over." in output
    assert process.returncode == 130
    assert "did not finish. Rebuilding .venv" in clone.run("bin/venv", "common").stdout


def test_directory_of_another_user_is_named(clone: Clone) -> None:
    """Root can write everywhere, so root runs this as nobody."""
    nobody = 65534 if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copytree(clone.path, Path(folder) / "flasky"))
        Path(folder).chmod(0o755)
        path.chmod(0o555)
        result = subprocess.run(
            ["bin/venv", "common"],
            cwd=path,
            user=nobody,
            capture_output=True,
            text=True,
            check=False,
        )
        path.chmod(0o755)

    assert f"No permission to write to {path}" in result.stderr
    assert result.returncode == 1


@pytest.mark.fresh
def test_real_environment_is_installed_from_the_lock(tmp_path: Path) -> None:
    for name in ("bin", "requirements"):
        shutil.copytree(ROOT / name, tmp_path / name)
    command = ["bin/venv", "common"]

    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    if "check the network" in result.stderr:
        pytest.skip("The package index cannot be reached.")

    assert result.returncode == 0, result.stderr
    flask = [str(tmp_path / ".venv/bin/python"), "-m", "flask", "--version"]
    assert "Flask 3" in subprocess.run(flask, capture_output=True, text=True, check=True).stdout
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout == b""
