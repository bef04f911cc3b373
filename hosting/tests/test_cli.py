"""The commands: help, reference, and what the client and the agent must agree on."""

import ast
import re
from pathlib import Path

import click
from click.testing import CliRunner

from hosting import __version__, ssh
from hosting.agent.deploy import PIPELINE
from hosting.agent.dispatch import COMMANDS
from hosting.cli import main

from .reference import MARK, PAGE, commands, reference

MAX_LINES = 3500  # of code; for more, use Kubernetes
SRC = Path(ssh.__file__).parent


def test_every_command_has_help_with_an_example() -> None:
    for name, command in commands():
        done = CliRunner().invoke(main, [*name.split(), "--help"])
        assert done.exit_code == 0
        assert f"Example: hosting {name}" in " ".join(done.output.split()), name
        for parameter in command.params:
            assert isinstance(parameter, click.Argument) or getattr(parameter, "help", None), name


def test_help_and_messages_are_ascii_for_terminals_without_utf8() -> None:
    for path in SRC.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                strings = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
                assert all(one.isascii() for one in strings if isinstance(one, str)), path
    for name, command in commands():
        assert command.get_help(click.Context(command)).isascii(), name


def test_version_is_printed_and_in_the_changelog() -> None:
    assert CliRunner().invoke(main, ["--version"]).output == f"hosting, version {__version__}\n"
    assert f"## {__version__} " in PAGE.with_name("CHANGELOG.md").read_text()


def test_reference_is_up_to_date() -> None:
    assert PAGE.read_text().partition(MARK)[2].strip() == reference().strip(), (
        "Run in hosting/: PYTHONPATH=src python -m tests.reference"
    )


def test_pipeline_is_documented() -> None:
    names = " → ".join(step.__name__ for step in PIPELINE)

    assert names in " ".join(PAGE.read_text().split())
    assert names in " ".join((SRC / "agent/deploy.py").read_text().split())
    assert all(step.__doc__ for step in PIPELINE)


def test_agent_has_every_command_of_the_client() -> None:
    source = "".join(path.read_text() for path in SRC.glob("*.py"))
    used = re.findall(
        r'(?:agent\(server, |run_remote\(\s*server, |remote_command\()"([\w-]+)', source
    )

    assert set(used) == set(COMMANDS)


def test_code_stays_small() -> None:
    total = sum(code_lines(path.read_text()) for path in SRC.rglob("*.py"))

    assert 1000 < total <= MAX_LINES


def code_lines(text: str) -> int:
    """Count lines of code, without blank lines, comments and docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None
        for line in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
    }
    lines = enumerate(text.splitlines(), 1)
    return sum(
        number not in docstrings and bool(line.strip()) and not line.strip().startswith("#")
        for number, line in lines
    )
