"""Read the shell commands, and the output they should produce, from a documentation page.

Commands are in blocks of type `console` after `$ `; the expected output follows each command. `…`
in the output matches any text, and whitespace is not significant.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = "```"
ANYTHING = "…"


@dataclass(frozen=True)
class Command:
    """A command, its expected output, and where it stands on the page.

    `section` is the heading above it. `context` is the line of prose directly before the block if
    that line ends with a colon, otherwise an empty string.
    """

    section: str
    context: str
    text: str
    output: str

    def matches(self, output: str) -> bool:
        """Return True if `output` is the expected output."""
        pieces = [re.escape(collapse(piece)) for piece in self.output.split(ANYTHING)]
        return re.fullmatch(r"\s*.*\s*".join(pieces), collapse(output), re.DOTALL) is not None


def collapse(text: str) -> str:
    """Return `text` with each run of whitespace replaced by one space."""
    return " ".join(text.split())


def commands(page: Path) -> list[Command]:
    """Return all commands on `page`, in order.

    Raise ValueError for a fenced block of another type, because it would not be tested.
    """
    section = prose = ""
    result: list[Command] = []
    for kind, text in _elements(page.read_text()):
        if kind == "heading":
            section, prose = text, ""
        elif kind == "prose":
            prose = text
        elif kind == "console":
            result += _commands_in(text, section, prose if prose.endswith(":") else "")
        else:
            raise ValueError(f"{page}: blocks of type {kind!r} are not tested; use `console`.")
    return result


def _elements(text: str) -> Iterator[tuple[str, str]]:
    """Yield `(kind, text)` for each heading, line of prose and fenced block."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(FENCE):
            block = list(iter(lambda: next(lines), FENCE))
            yield line.removeprefix(FENCE), "\n".join(block)
        elif line.startswith("#"):
            yield "heading", line.lstrip("# ")
        elif line.strip():
            yield "prose", line


def _commands_in(block: str, section: str, context: str) -> Iterator[Command]:
    for entry in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        text, _, output = entry.partition("\n")
        yield Command(section, context, text, output)
