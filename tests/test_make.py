"""The Makefile is the table of contents of what can be done here."""

import re
import subprocess

import pytest

from tests.repository import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = re.findall(r"^\.PHONY: (\S+)$", MAKEFILE, re.MULTILINE)


def make(*arguments: str) -> str:
    command = ["make", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("arguments", [[], ["help"]], ids=["make", "make help"])
def test_help_explains_every_target(arguments: list[str]) -> None:
    explained = re.findall(r"^  ([a-z-]+)  +\w.*", make(*arguments), re.MULTILINE)

    assert explained == TARGETS


@pytest.mark.parametrize("variable", ["PORT", "PYTHON", "UPGRADE"])
def test_help_explains_variables(variable: str) -> None:
    assert re.search(rf"^  {variable}=\S+  +\w", make("help"), re.MULTILINE)


def test_every_target_is_declared() -> None:
    """A file that happens to be called `test` must not stop `make test`."""
    rules = re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE)

    assert rules == TARGETS


@pytest.mark.parametrize("target", TARGETS)
def test_target_can_be_planned(target: str) -> None:
    make("--dry-run", target)
