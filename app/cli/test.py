"""`flask test`: run the test suite."""

import importlib.util
import subprocess
import sys

import click


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--coverage/--no-coverage", default=False, help="Measure branch coverage.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(coverage: bool, arguments: tuple[str, ...]) -> None:
    """Run the tests. ARGUMENTS are passed to pytest, for example: flask test -- -k password"""
    if importlib.util.find_spec("pytest") is None:
        raise click.ClickException("pytest is not installed. Run: make test")
    options = ["--cov"] if coverage else []
    command = [sys.executable, "-m", "pytest", *options, *arguments]
    sys.exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - the user's arguments
