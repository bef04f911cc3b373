"""The contents of the image."""

import json
import re
from pathlib import Path
from subprocess import run

import pytest

from tests.platforms.containers.container import IMAGE
from tests.support.base_images import IGNORED_FILES, base_of_dockerfile
from tests.support.podman import Podman
from tests.support.repository import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("containers"),
    pytest.mark.usefixtures("image"),
]

PAGE = ROOT / "docs/deploying/containers.md"
OURS = {
    *("app", "collected", "config.py", "deploy", "gunicorn.conf.py", "manage.py", "migrations"),
    *("requirements", "envconfig", "__pycache__"),
}
# Programs that build or download something.
TOOLS = "as cc cpp c++ clang g++ gcc git go hg ld make rustc svn tcc"

FIND_MODULES_WITHOUT_BYTECODE = """
import sys
import gunicorn.app.wsgiapp, gunicorn.workers.gthread, psycopg2, redis
sys.path.insert(0, "/srv/flasky")
import app, config
from importlib.util import cache_from_source
from pathlib import Path
files = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
files += map(str, Path("/srv/flasky").rglob("*.py"))
assert len(files) > 500
for file in files:
    if file.endswith(".py") and not Path(cache_from_source(file)).exists():
        print(file)
"""


def run_in_image(engine: Podman, *command: str) -> str:
    """Run a command in a new container, and return its output."""
    program, *arguments = command
    done = engine.docker("run", "--rm", "--entrypoint", program, IMAGE, *arguments)
    return done.stdout


def known(engine: Podman) -> dict[str, object]:
    found: dict[str, object] = json.loads(engine.docker("inspect", IMAGE).stdout)[0]
    return found


def test_image_contains_only_the_site(engine: Podman) -> None:
    assert set(run_in_image(engine, "ls", "-A", "/srv/flasky").split()) == OURS
    assert run_in_image(engine, "ls", "/srv/flasky/deploy").split() == ["container"]


def test_image_contains_no_untracked_file(engine: Podman) -> None:
    names = {Path(name).name for name in IGNORED_FILES} | {".git"}
    options = " -o ".join(f"-name '{name}'" for name in sorted(names))
    found = run_in_image(engine, "sh", "-c", f"find / -xdev \\( {options} \\) 2>/dev/null || true")
    assert found == ""
    assert run_in_image(engine, "sh", "-c", "grep -rl of-this-machine /srv /venv || true") == ""


def test_image_contains_no_build_or_test_tools(engine: Podman) -> None:
    search = f"for name in {TOOLS} pytest; do command -v $name || true; done"
    assert run_in_image(engine, "sh", "-c", search) == ""
    packages = run_in_image(engine, "ls", "/venv/bin").split()
    assert "gunicorn" in packages
    assert not {"pip", "pip3", "pytest", "ruff", "mypy"} & set(packages)


def test_image_runs_as_an_unprivileged_user(engine: Podman) -> None:
    assert run_in_image(engine, "id", "-u").strip() == "10001"
    command = "find / -xdev -writable -not -type l -not -path '/proc/*' 2>/dev/null || true"
    writable = set(run_in_image(engine, "sh", "-c", command).split())
    assert writable - {"/tmp", "/var/tmp", "/run/lock"} == {"/data"}


def test_labels_name_the_commit(engine: Podman, clone: Path) -> None:
    git = ["git", "rev-parse", "HEAD"]
    commit = run(git, cwd=clone, check=True, capture_output=True, text=True).stdout.strip()
    config = known(engine)["Config"]
    assert isinstance(config, dict)
    prefix = "org.opencontainers.image."
    labels = {name: text for name, text in config["Labels"].items() if name.startswith(prefix)}
    assert labels[f"{prefix}revision"] == commit
    assert labels[f"{prefix}version"] == "42"
    assert labels[f"{prefix}licenses"] == "MIT"
    assert {f"COMMIT={commit}", "RELEASE=42"} <= set(config["Env"])


def test_image_contains_bytecode_of_every_module(engine: Podman) -> None:
    environment = "FLASK_CONFIG=development"
    assert (
        run_in_image(engine, "env", environment, "python3", "-c", FIND_MODULES_WITHOUT_BYTECODE)
        == ""
    )


def test_size_is_as_documented(engine: Podman) -> None:
    base = engine.docker("inspect", "--format", "{{.Size}}", base_of_dockerfile()).stdout
    own = (int(str(known(engine)["Size"])) - int(base)) / 1e6
    documented = re.search(r"(\d+) MB larger than its base", PAGE.read_text())
    assert documented is not None
    assert own == pytest.approx(float(documented[1]), rel=0.2)


def test_python_version_is_that_of_the_other_platforms() -> None:
    version = (ROOT / ".python-version").read_text().strip()
    assert f"python:{version}-" in base_of_dockerfile()
