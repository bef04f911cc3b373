"""`make help` explains every target, and every target can run."""

import re
import subprocess

import pytest

from tests.support.repository import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = re.findall(r"^\.PHONY: (\S+)$", MAKEFILE, re.MULTILINE)


def make(*arguments: str) -> str:
    command = ["make", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("arguments", [[], ["help"]], ids=["make", "make help"])
def test_help_explains_every_target(arguments: list[str]) -> None:
    explained = re.findall(r"^  ([a-z-]+)  +\w.*", make(*arguments), re.MULTILINE)

    assert explained == TARGETS


@pytest.mark.parametrize("variable", ["PORT", "PYTHON", "UPGRADE", "SLUG", "DRY_RUN", "PART"])
def test_help_explains_variables(variable: str) -> None:
    assert re.search(rf"^  {variable}=\S+  +\w", make("help"), re.MULTILINE)


def test_every_target_is_phony() -> None:
    """Otherwise a file called `test` would stop `make test` from running."""
    rules = re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE)

    assert rules == TARGETS


def test_every_target_has_a_valid_recipe() -> None:
    for target in TARGETS:
        make("--dry-run", target)
