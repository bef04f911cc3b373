"""Rendering takes linear time, and its output is not much longer than the longest text.

Time is measured in executed lines and calls of Python, which do not depend on the machine.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import pytest

from app import markdown
from app.models import Comment, Post

LENGTH = 1_080
# Twice the text takes twice the steps and a few more; in quadratic time, four times.
MAX_RATIO = 2.6
MAX_STEPS_PER_CHARACTER = 1_500

# One of each kind of syntax: alone, unfinished, and repeated in a way that could be matched often.
REPEATED = [
    *("> ", "[", "![", "*a ", "**a", "a*", "`a", "- ", "1.\n", "<", "<!--", "<a@b>", "_a ", "~~a"),
    *("|a", "a|b\n-|-\n", "[a](b", "[a](<", '[a](b "', "[a](b (", "[a]((", "](", "[a][", "*["),
    *("[a]: b\n", "\\", "&#", "\n", "a\n=\n", "```\n", "> a\nb\n", "**_a", "*a**b*c**"),
    *("**a *a ", "    a\n", "\0", "[]()", "[](\xe9)", "[](%)", "<ab:>", "*\n+\n", ">#\n\n"),
    *(f"{'>' * 20}\n\n", f"{'>' * 18}-\n\n", ">-\n\n", "9)\n1.\n\n", "#\n"),
    *("a|\n-|\n|\n\n", "&", "<", '"', "a\xa0", "&nbsp;", "a  \n", "***a***", "\x01", "\U0001f600"),
    *("http://a", "http://a ", "http://)", "@a ", "http://a@b."),
    *("![](a)", "[![a](b)](c)", "![" * 15 + "a" + "](b)" * 15),
]
PAIRS = [
    *(("*a **b ", "b** a*"), ("~~a ", " a~~"), ("[", "](a)"), ("[*a", "*](b)"), ("[[", "]]")),
    ("![", "](a)"),
    *(("`a", "`"), ("<", ">"), ("> ", "a\n")),
]


def growing_backticks(length: int) -> str:
    """Return unmatched runs of backticks of increasing length."""
    return "a".join("`" * number for number in range(int((2 * length) ** 0.5)))


def nested(step: str) -> Callable[[int], str]:
    """Return a function that builds lines with increasing nesting."""
    return lambda length: "".join(
        f"{step * number}- a\n" for number in range(int((2 * length / len(step)) ** 0.5))
    )


def long_definition(length: int) -> str:
    """Return a link definition with a long URL that is used many times."""
    return f"[a]: /{'a' * (length // 2)}\n\n" + "[a]" * (length // 6)


def short_rows(columns: int) -> Callable[[int], str]:
    """Return a function that builds tables with short rows, which are padded with empty cells."""
    head = "|a" * columns + "\n" + "|-" * columns + "\n"
    return lambda length: (head + "|\n" * (2 * columns) + "\n") * (length // (8 * columns))


def tall_table(columns: int) -> Callable[[int], str]:
    head = "|a" * columns + "\n" + "|-" * columns + "\n"
    return lambda length: head + "|\n" * ((length - len(head)) // 2)


def repeated(part: str) -> Callable[[int], str]:
    return lambda length: part * (length // len(part))


def paired(left: str, right: str) -> Callable[[int], str]:
    return lambda length: left * (length // 2 // len(left)) + right * (length // 2 // len(right))


TEXTS: dict[str, Callable[[int], str]] = {
    **{ascii(part): repeated(part) for part in REPEATED},
    **{ascii(pair): paired(*pair) for pair in PAIRS},
    "growing backticks": growing_backticks,
    "nested lists": nested("  "),
    "nested quotes": nested("> "),
    "long definition": long_definition,
    "short rows of 5": short_rows(5),
    "short rows of 45": short_rows(45),
    "tall table of 5": tall_table(5),
    "tall table of 60": tall_table(60),
}


@contextmanager
def untraced() -> Iterator[None]:
    """Disable the tracer of coverage, which slows Python down."""
    before = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(before)


class Steps:
    """Counts the executed lines and calls in this thread."""

    def __init__(self) -> None:
        self.count = 0

    def trace(self, _frame: FrameType, _event: str, _argument: Any) -> "Callable[..., Any]":
        self.count += 1
        return self.trace

    def __enter__(self) -> "Steps":
        self.before = sys.gettrace()  # that of coverage
        sys.settrace(self.trace)
        return self

    def __exit__(self, *_error: object) -> None:
        sys.settrace(self.before)


def steps_for(text: str) -> int:
    with Steps() as steps:
        markdown.render_post(text)
    return steps.count


@pytest.mark.slow
@pytest.mark.parametrize("build", TEXTS.values(), ids=TEXTS)
def test_rendering_takes_linear_time(build: Callable[[int], str]) -> None:
    steps, steps_twice = steps_for(build(LENGTH)), steps_for(build(2 * LENGTH))

    assert steps_twice / steps < MAX_RATIO
    assert steps_twice / (2 * LENGTH) < MAX_STEPS_PER_CHARACTER


@pytest.mark.slow
@pytest.mark.parametrize("build", TEXTS.values(), ids=TEXTS)
def test_output_is_not_much_longer_than_the_longest_text(build: Callable[[int], str]) -> None:
    kinds = (
        (markdown.render_post, Post.MAX_LENGTH, markdown.MAX_POST_HTML),
        (markdown.render_comment, Comment.MAX_LENGTH, markdown.MAX_COMMENT_HTML),
    )
    for render, max_length, max_html in kinds:
        with untraced(), suppress(markdown.TooLong):
            assert len(render(build(max_length))) <= max_html
            assert max_html < 7 * max_length


def test_steps_distinguish_linear_from_quadratic_time() -> None:
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

    assert ratio(linear) < MAX_RATIO < ratio(quadratic)


def test_huge_tables_are_not_rendered() -> None:
    normal, huge = tall_table(10)(1_000), tall_table(100)(5_000)

    assert "<table>" in markdown.render_post(normal)
    assert "<table>" not in markdown.render_post(huge)
