"""The files of this repository, for tests that check a rule on each of them.

A rule is a generator function: it takes the path and the text of a file and yields violations.
"""

import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePath

ROOT = Path(__file__).parents[2]
Rule = Callable[[PurePath, str], Iterator[str]]


def files() -> list[PurePath]:
    """Return the path of every file in the repository that git does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [PurePath(line) for line in output.splitlines() if (ROOT / line).is_file()]


def violations(rule: Rule, paths: Iterable[PurePath]) -> list[str]:
    """Return every violation of `rule` in the files at `paths`."""
    return [text for path in paths for text in rule(path, (ROOT / path).read_text())]
