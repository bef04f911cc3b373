import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
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
    plugins = ["--disable-plugin-autoload", "-p", "xdist.plugin", "-p", "tests.no_skips"]
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
        pytest.param("", [], "1 skipped, 1 xfailed", id="at-home"),
        pytest.param("true", [], "1 failed, 1 xfailed", id="on-ci"),
        pytest.param("true", ["-n", "1"], "1 failed, 1 xfailed", id="on-ci-in-a-worker"),
    ],
)
def test_skip_fails_on_ci_only(
    tmp_path: Path, ci: str, arguments: list[str], outcome: str
) -> None:
    output = run_suite(tmp_path, SUITE, *arguments, ci=ci)

    assert outcome in output
    assert not ci or "Nothing may be skipped on CI. Skipped: no browser here" in output


def test_module_that_skips_itself_fails_on_ci(tmp_path: Path) -> None:
    output = run_suite(tmp_path, 'import pytest\npytest.importorskip("not_there")\n', ci="true")

    assert "1 error" in output
    assert "Nothing may be skipped on CI." in output
