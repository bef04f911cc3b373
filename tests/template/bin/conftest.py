"""A clone on a machine that has only the programs which a test installs."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.repository import ROOT

TOOLS = [
    "bash",
    "basename",
    "cat",
    "cmp",
    "cp",
    "dirname",
    "diff",
    "env",
    "flock",
    "grep",
    "make",
    "mktemp",
    "rm",
    "sed",
    "sh",
    "tail",
    "tee",
    "uname",
]
REAL_PYTHON = Path(sys.executable)

# Creates a real environment, but with a pip and a flask that only print their arguments.
PYTHON = f"""#!/bin/sh
case "$*" in
"-m venv .venv")
    "{REAL_PYTHON}" -m venv --without-pip .venv
    for packages in .venv/lib/python*/site-packages; do cp -R packages/. "$packages"; done ;;
*) exec "{REAL_PYTHON}" "$@" ;;
esac
"""
PIP = """
import os, sys, time
if "--version" not in sys.argv:
    print(os.environ.get("PIP_SAYS", "Collecting flask"), flush=True)
    time.sleep(float(os.environ.get("PIP_TAKES", "0")))
    sys.exit("PIP_SAYS" in os.environ)
"""
FLASK = """
import os, sys
settings = [os.environ[name] for name in ("FLASK_APP", "FLASK_CONFIG", "SITE_URL")]
print("flask", *sys.argv[1:], *settings, flush=True)
sys.exit(sys.argv[1] == os.environ.get("FLASK_FAILS"))
"""


@dataclass
class Clone:
    path: Path
    tools: Path

    def environment(self, **variables: str) -> dict[str, str]:
        return {"PATH": str(self.tools), "HOME": str(self.path), "LC_ALL": "C.UTF-8"} | variables

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the clone; `stdout` holds both of its outputs."""
        return subprocess.run(
            command,
            cwd=self.path,
            env=self.environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )

    def install_tool(self, name: str, script: str) -> None:
        path = self.tools / name
        path.write_text(script)
        path.chmod(0o755)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    path, tools = tmp_path / "flasky", tmp_path / "tools"
    tools.mkdir()
    for name in TOOLS:
        if found := shutil.which(name, path=os.defpath):
            (tools / name).symlink_to(found)
    shutil.copytree(ROOT / "bin", path / "bin")
    shutil.copytree(ROOT / "requirements", path / "requirements")
    shutil.copy(ROOT / "Makefile", path)
    for package, text in {"pip": PIP, "flask": FLASK}.items():
        (path / "packages" / package).mkdir(parents=True)
        (path / "packages" / package / "__main__.py").write_text(text)
    result = Clone(path, tools)
    result.install_tool("python3", PYTHON)
    return result
