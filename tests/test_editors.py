"""The run configurations of VS Code and PyCharm, and the development container."""

import json
import shlex
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from tests.support.repository import ROOT

LAUNCH = json.loads((ROOT / ".vscode/launch.json").read_text())["configurations"]


def pycharm_commands() -> dict[str, list[str]]:
    """Return module and parameters of each configuration in .run/, by its name."""
    found = {}
    for file in sorted((ROOT / ".run").glob("*.xml")):
        configuration = ElementTree.parse(file).find("configuration")
        assert configuration is not None
        options = {one.get("name"): one.get("value", "") for one in configuration.iter("option")}
        module, parameters = options["SCRIPT_NAME"], options["PARAMETERS"]
        found[configuration.get("name", "")] = [module, *shlex.split(parameters)]
    return found


def vscode_commands() -> dict[str, list[str]]:
    return {one["name"]: [one["module"], *one["args"]] for one in LAUNCH}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Site", "Worker", "Tests of this file"])
def test_command_accepts_its_arguments(name: str) -> None:
    module, *arguments = vscode_commands()[name]
    arguments = [argument.replace("${file}", __file__) for argument in arguments]
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments, "--help"],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr


def test_editors_run_the_same() -> None:
    in_vscode = vscode_commands()
    assert pycharm_commands() == {name: in_vscode[name] for name in ("Site", "Worker")}


def test_development_container_prepares_the_site() -> None:
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    makefile = (ROOT / "Makefile").read_text()

    assert f"\n{container['postCreateCommand'].removeprefix('make ')}:" in makefile
    assert container["forwardPorts"] == [5000]
