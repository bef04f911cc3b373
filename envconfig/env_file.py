"""Read `.env` in the directory of the project, and no other file.

What programs that read such files understand differently, or skip, is an error.
"""

import os
import re
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import click
from dotenv import find_dotenv
from dotenv.parser import parse_stream
from flask.cli import ScriptInfo

FILE = Path(__file__).resolve().parents[1] / ".env"
CONFIGURATION_ERROR = 3  # exit status: gunicorn does not restart a worker that ends with it


def load() -> None:
    """Set the variables of the file that are not set; exit with a message if it is invalid."""
    try:
        reject_other_file()
        text = FILE.read_text("utf-8-sig") if FILE.exists() and not FILE.is_dir() else ""
        for name, value in dict(parse(text)).items():
            os.environ.setdefault(name, value)
    except UnicodeDecodeError:
        exit_with(f"{FILE} is not UTF-8 text: save it as UTF-8.")
    except OSError as error:
        exit_with(f"{FILE} cannot be read: {error.strerror}.")


def reject_other_file() -> None:
    """Exit if `flask`, which has read its files already, found `.env` in another directory."""
    context = click.get_current_context(silent=True)
    info = context and context.find_object(ScriptInfo)
    found = Path(find_dotenv(usecwd=True)) if info and info.load_dotenv_defaults else FILE
    if found.is_file() and found.resolve() != FILE.resolve():
        exit_with(
            f"flask has read {found}, which is not the file of this project. Run flask in "
            f"{FILE.parent}, and create a .env there if there is none (touch .env)."
        )


def parse(text: str) -> Iterator[tuple[str, str]]:
    """Yield names and values; exit if a line is invalid."""
    for name, value, original, error in parse_stream(StringIO(text)):
        is_valid = value is not None and re.fullmatch(r"[A-Za-z_]\w*", name or "", re.ASCII)
        if error or (name and not is_valid) or re.search(r"\$\{|\0", value or ""):
            start = original.string[: -len(original.string.lstrip())]
            line = original.line + len(re.findall(r"\r\n|\r|\n", start))
            exit_with(
                f"{FILE}, line {line}: write NAME=value, or NAME='value' if it has spaces, quotes "
                "or #. Values cannot contain ${ or null bytes."
            )
        if name and value is not None:
            yield name, value


def exit_with(problem: str) -> None:
    """Print the problem, and exit."""
    print(f"Invalid configuration: {problem}", file=sys.stderr)
    sys.exit(CONFIGURATION_ERROR)
