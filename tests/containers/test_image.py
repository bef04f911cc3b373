"""What is in the image, and what is not."""

import json
import re
from pathlib import Path
from subprocess import run

import pytest

from tests.repository import ROOT

from .container import IMAGE
from .engine import Engine
from .images import RUBBISH, base_of_dockerfile

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("containers"),
    pytest.mark.usefixtures("image"),
]

PAGE = ROOT / "docs/deploying/containers.md"
OURS = {
    *("app", "collected", "config.py", "deploy", "gunicorn.conf.py", "manage.py", "migrations"),
    *("requirements", "settings", "__pycache__"),
}
# Programs that build or fetch something; python3 is there, of course, and so is sh.
TOOLS = "as cc cpp c++ clang g++ gcc git go hg ld make rustc svn tcc"

UNCOMPILED = """
import sys
import gunicorn.app.wsgiapp, gunicorn.workers.gthread, psycopg2, redis, huey
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


def inside(engine: Engine, *command: str) -> str:
    """Run a program in a new container of the image, and return what it prints."""
    program, *arguments = command
    done = engine.docker("run", "--rm", "--entrypoint", program, IMAGE, *arguments)
    return done.stdout


def known(engine: Engine) -> dict[str, object]:
    found: dict[str, object] = json.loads(engine.docker("inspect", IMAGE).stdout)[0]
    return found


def test_only_the_site_is_in_it(engine: Engine) -> None:
    assert set(inside(engine, "ls", "-A", "/srv/flasky").split()) == OURS
    assert inside(engine, "ls", "/srv/flasky/deploy").split() == ["container"]


def test_nothing_of_this_machine_is_in_it(engine: Engine) -> None:
    names = {Path(name).name for name in RUBBISH} | {".git"}
    options = " -o ".join(f"-name '{name}'" for name in sorted(names))
    found = inside(engine, "sh", "-c", f"find / -xdev \\( {options} \\) 2>/dev/null || true")
    assert found == ""
    assert inside(engine, "sh", "-c", "grep -rl of-this-machine /srv /venv || true") == ""


def test_nothing_that_builds_or_tests_is_in_it(engine: Engine) -> None:
    search = f"for name in {TOOLS} pytest; do command -v $name || true; done"
    assert inside(engine, "sh", "-c", search) == ""
    packages = inside(engine, "ls", "/venv/bin").split()
    assert "gunicorn" in packages
    assert not {"pip", "pip3", "pytest", "ruff", "mypy"} & set(packages)


def test_it_runs_as_nobody_in_particular(engine: Engine) -> None:
    assert inside(engine, "id", "-u").strip() == "10001"
    command = "find / -xdev -writable -not -type l -not -path '/proc/*' 2>/dev/null || true"
    writable = set(inside(engine, "sh", "-c", command).split())
    assert writable - {"/tmp", "/var/tmp", "/run/lock"} == {"/data"}


def test_labels_tell_the_commit(engine: Engine, clone: Path) -> None:
    git = ["git", "rev-parse", "HEAD"]
    commit = run(git, cwd=clone, check=True, capture_output=True, text=True).stdout.strip()
    config = known(engine)["Config"]
    assert isinstance(config, dict)
    prefix = "org.opencontainers.image."
    labels = {name: text for name, text in config["Labels"].items() if name.startswith(prefix)}
    assert labels[f"{prefix}revision"] == commit
    assert labels[f"{prefix}version"] == "42"
    assert labels[f"{prefix}licenses"] == "MIT"
    assert {f"FLASKY_COMMIT={commit}", "FLASKY_RELEASE=42"} <= set(config["Env"])


def test_bytecode_of_all_that_runs_is_in_it(engine: Engine) -> None:
    environment = "FLASK_CONFIG=development"
    assert inside(engine, "env", environment, "python3", "-c", UNCOMPILED) == ""


def test_size_is_what_the_page_says(engine: Engine) -> None:
    base = engine.docker("inspect", "--format", "{{.Size}}", base_of_dockerfile()).stdout
    own = (int(str(known(engine)["Size"])) - int(base)) / 1e6
    told = re.search(r"(\d+) MB larger than its base", PAGE.read_text())
    assert told is not None
    assert own == pytest.approx(float(told[1]), rel=0.2)


def test_python_is_that_of_the_other_platforms() -> None:
    version = (ROOT / ".python-version").read_text().strip()
    assert f"python:{version}-" in base_of_dockerfile()
