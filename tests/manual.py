"""A page of the manual, taken apart: what it tells one to type, and what it says will come back.

Commands stand in blocks of kind `console`, behind `$ `; what they print stands below them. `…` is
whatever differs from site to site, and how much room lies between two words does not matter.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = "```"
ANYTHING = "…"


@dataclass(frozen=True)
class Command:
    """What is to be typed in a chapter, what shall come back, and where it can be typed.

    `place` is the line of prose before the block, if that ends with a colon.
    """

    chapter: str
    place: str
    text: str
    answer: str

    def fits(self, output: str) -> bool:
        """Tell whether `output` is what the page shows: nothing, where it shows nothing."""
        pieces = [re.escape(words(piece)) for piece in self.answer.split(ANYTHING)]
        return re.fullmatch(r"\s*.*\s*".join(pieces), words(output), re.DOTALL) is not None


def words(text: str) -> str:
    """Return `text` with one blank wherever there is any room."""
    return " ".join(text.split())


def commands(page: Path) -> list[Command]:
    """Return all commands of `page`, in their order."""
    chapter = prose = ""
    found: list[Command] = []
    for kind, text in parts(page.read_text()):
        if kind == "heading":
            chapter, prose = text, ""
        elif kind == "prose":
            prose = text
        elif kind == "console":
            found += _commands_in(text, chapter, prose if prose.endswith(":") else "")
        else:
            raise ValueError(f"{page}: a block of kind {kind!r}, which nobody tests.")
    return found


def parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield headings, lines of prose, and blocks by their kind."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(FENCE):
            block = list(iter(lambda: next(lines), FENCE))
            yield line.removeprefix(FENCE), "\n".join(block)
        elif line.startswith("#"):
            yield "heading", line.lstrip("# ")
        elif line.strip():
            yield "prose", line


def _commands_in(block: str, chapter: str, place: str) -> Iterator[Command]:
    for typed in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        text, _, answer = typed.partition("\n")
        yield Command(chapter, place, text, answer)
