"""No text takes more than linear time to render, or makes a page much longer than itself.

Time is told by the steps that Python takes (lines and calls), which are the same on every
machine; what a compiled part does within one step is told by the length of what it is given.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from app import markup

LENGTH = 2_160  # whole numbers of every part below
LONGEST = 100_000
# Twice the text takes twice the steps, and a few more; where time is quadratic it is four times.
MOST = 2.6
MOST_STEPS_A_CHARACTER = 1_500
MOST_HTML_A_CHARACTER = 40

REPEATED = [
    *(
        ">",
        "> ",
        "[",
        "]",
        "*",
        "**a",
        "*a ",
        "a*",
        "`",
        "`a",
        "(",
        ")",
        "- ",
        "1. ",
        "1.\n",
        "+ a\n",
    ),
    *(
        "![",
        "<",
        "<a",
        "<http:",
        "<a@b>",
        "_a",
        "_a ",
        "a_",
        "|",
        "|a",
        "a|b\n-|-\n",
        "[a](",
        "[a](b",
    ),
    *(
        "[a](<",
        '[a](b "',
        "[a](b (",
        "[a]((",
        "[a](\\(",
        "](",
        "[]",
        "[a]",
        "[a][",
        "[a]: b\n",
        "~~a",
    ),
    *(
        "~ ",
        "\\",
        "&",
        "&#",
        "&amp;",
        "\n",
        "\t",
        " \n",
        "#",
        "# ",
        "a\n=\n",
        "-\n",
        "```\n",
        "~~~a\n",
    ),
    *("<![CDATA[", "<!--", "<?", "<!A ", "<div>\n", "> a\nb\n", "*_", "**_a", "***a", "*a**b*c**"),
    *("[![a](b)", "*[", "[*a](", "[[", "**a *a ", "a\n\n", "    a\n", "\0", "é"),
]
FACING = [
    *(("*a ", " a*"), ("*a **b ", "b** a*"), ("~~a ", " a~~"), ("~~~a ", " a~~~"), ("[", "](a)")),
    *(("![", "](a)"), ("[*a", "*](b)"), ("*a [", "](b)*"), ("[[", "]]"), ("(", ")"), ("`a", "`")),
    *(("[a](", "x)"), ("_*a", " a*_"), ("*a ", "a_"), ("<", ">"), ("> ", "a\n")),
]


def growing_ticks(length: int) -> str:
    """Runs of back-ticks, each longer than the one before: none has a partner."""
    return "a".join("`" * number for number in range(int((2 * length) ** 0.5)))


def stairs(step: str) -> Callable[[int], str]:
    """Lines of which each is nested deeper than the one before."""
    return lambda length: "".join(
        f"{step * number}- a\n" for number in range(int((2 * length / len(step)) ** 0.5))
    )


def long_address(length: int) -> str:
    """A long address defined once and used at every chance."""
    return f"[a]: /{'a' * (length // 2)}\n\n" + "[a]" * (length // 6)


def short_rows(columns: int) -> Callable[[int], str]:
    """Tables whose rows are too short, so that they are filled up with empty cells."""
    head = "|a" * columns + "\n" + "|-" * columns + "\n"
    return lambda length: (head + "|\n" * (2 * columns) + "\n") * (length // (8 * columns))


def tall_table(columns: int) -> Callable[[int], str]:
    head = "|a" * columns + "\n" + "|-" * columns + "\n"
    return lambda length: head + "|\n" * ((length - len(head)) // 2)


def repeated(part: str) -> Callable[[int], str]:
    return lambda length: part * (length // len(part))


def facing(left: str, right: str) -> Callable[[int], str]:
    return lambda length: left * (length // 2 // len(left)) + right * (length // 2 // len(right))


TEXTS: dict[str, Callable[[int], str]] = {
    **{ascii(part): repeated(part) for part in REPEATED},
    **{ascii(pair): facing(*pair) for pair in FACING},
    "growing ticks": growing_ticks,
    "nested lists": stairs("  "),
    "nested quotes": stairs("> "),
    "long address": long_address,
    "short rows of 5": short_rows(5),
    "short rows of 90": short_rows(90),
    "tall table of 5": tall_table(5),
    "tall table of 60": tall_table(60),
}


@contextmanager
def untraced() -> Iterator[None]:
    """Let Python run at its own speed; coverage, which traces it, takes several times as long."""
    before = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(before)


class Steps:
    """Counts the lines and calls that Python runs meanwhile, in this thread."""

    def __init__(self) -> None:
        self.count = 0

    def note(self, _frame: FrameType, _event: str, _argument: Any) -> "Callable[..., Any]":
        self.count += 1
        return self.note

    def __enter__(self) -> "Steps":
        self.before = sys.gettrace()  # coverage measures by a tracer too
        sys.settrace(self.note)
        return self

    def __exit__(self, *_error: object) -> None:
        sys.settrace(self.before)


def steps_for(text: str) -> int:
    with Steps() as steps:
        markup.render_post(text)
    return steps.count


@pytest.mark.slow
@pytest.mark.parametrize("build", TEXTS.values(), ids=TEXTS)
def test_twice_the_text_takes_twice_the_steps(build: Callable[[int], str]) -> None:
    once, twice = steps_for(build(LENGTH)), steps_for(build(2 * LENGTH))

    assert twice / once < MOST
    assert twice / (2 * LENGTH) < MOST_STEPS_A_CHARACTER


@pytest.mark.slow
@pytest.mark.parametrize("build", TEXTS.values(), ids=TEXTS)
def test_longest_text_makes_no_endless_page(build: Callable[[int], str]) -> None:
    with untraced():
        html = markup.render_post(build(LONGEST))

    assert len(html) < MOST_HTML_A_CHARACTER * LONGEST


def test_steps_tell_linear_from_quadratic() -> None:
    def linear(length: int) -> None:
        for _ in range(length):
            pass

    def quadratic(length: int) -> None:
        for _ in range(length):
            linear(length)

    def ratio(work: Callable[[int], None]) -> float:
        counts = []
        for length in (50, 100):
            with Steps() as steps:
                work(length)
            counts.append(steps.count)
        return counts[1] / counts[0]

    assert ratio(linear) < MOST < ratio(quadratic)


def test_table_of_usual_size_is_read_and_a_vast_one_is_not() -> None:
    usual, vast = tall_table(10)(1_000), tall_table(100)(5_000)

    assert "<table>" in markup.render_post(usual)
    assert "<table>" not in markup.render_post(vast)
