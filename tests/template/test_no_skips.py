"""The plugin that fails skipped tests on CI (tests/support/no_skips.py)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repository import ROOT

SUITE = """
import pytest

def test_skipped():
    pytest.skip("no browser here")

@pytest.mark.xfail
def test_expected_failure():
    assert False
"""


def run_suite(path: Path, text: str, *arguments: str, ci: str) -> str:
    (path / "test_suite.py").write_text(text)
    plugins = ["--disable-plugin-autoload", "-p", "xdist.plugin", "-p", "tests.support.no_skips"]
    command = [sys.executable, "-m", "pytest", *plugins, "-c", os.devnull]
    result = subprocess.run(
        [*command, "--rootdir", str(path), *arguments, str(path)],
        cwd=ROOT,
        env=os.environ | {"CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout


@pytest.mark.parametrize(
    ("ci", "arguments", "outcome"),
    [
        pytest.param("", [], "1 skipped, 1 xfailed", id="local"),
        pytest.param("true", [], "1 failed, 1 xfailed", id="ci"),
        pytest.param("true", ["-n", "1"], "1 failed, 1 xfailed", id="ci-in-a-worker"),
    ],
)
def test_skipped_test_fails_on_ci_only(
    tmp_path: Path, ci: str, arguments: list[str], outcome: str
) -> None:
    output = run_suite(tmp_path, SUITE, *arguments, ci=ci)

    assert outcome in output
    assert not ci or "Tests must not be skipped on CI. Skipped: no browser here" in output


def test_skipped_module_fails_on_ci(tmp_path: Path) -> None:
    output = run_suite(tmp_path, 'import pytest\npytest.importorskip("missing")\n', ci="true")

    assert "1 error" in output
    assert "Tests must not be skipped on CI." in output
