"""What lies in the repository, for tests that ask a rule about every file of it.

A rule is a function that gets a file's path and text, and yields what is wrong with it.
"""

import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePath

ROOT = Path(__file__).parent.parent
Rule = Callable[[PurePath, str], Iterator[str]]


def files() -> list[PurePath]:
    """Return what is in the repository or about to be: all that git does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [PurePath(line) for line in output.splitlines() if (ROOT / line).is_file()]


def complaints(rule: Rule, paths: Iterable[PurePath]) -> list[str]:
    return [text for path in paths for text in rule(path, (ROOT / path).read_text())]
