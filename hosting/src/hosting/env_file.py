"""Files of environment variables, as `docker`, `honcho` and shells read them."""

import re
from typing import BinaryIO

import click

ENTRY = re.compile(
    r"""[ \t]*
    (?:
        (?:export[ \t]+)?
        (?P<name>[A-Za-z_][A-Za-z0-9_]*) [ \t]*=[ \t]*
        (?: '(?P<literal>[^']*)' | "(?P<quoted>(?:\\[\s\S]|[^"\\])*)"
            | (?P<plain>(?!(?<=\s)\#)[^\s'"].*?)? )
    )?
    (?:[ \t]*(?<!\S)\#.*)? [ \t]*\r?(?:\n|\Z)""",
    re.VERBOSE,
)
ESCAPE = re.compile(r"\\([\s\S])")
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", **{one: one for one in '"\\$`'}}


def read(file: BinaryIO) -> dict[str, str]:
    """Return the variables in a file of lines NAME=VALUE; raise UsageError with the line's number.

    As in a shell, `export` may precede the name, `#` starts a comment, and values may be quoted,
    and then have several lines. Escape sequences are replaced in double quotes; variables never.
    """
    text = file.read().decode("utf-8-sig", "surrogateescape")  # values may be any bytes
    variables, at = {}, 0
    while at < len(text):
        match = ENTRY.match(text, at)
        if match is None:
            number = text.count("\n", 0, at) + 1
            raise click.UsageError(  # without the line, which may contain a secret
                f"Line {number} of {file.name} is not NAME=VALUE, or a quote has no end."
            )
        at = match.end()
        if match["name"]:
            quoted = ESCAPE.sub(lambda one: ESCAPES.get(one[1], one[0]), match["quoted"] or "")
            variables[match["name"]] = match["literal"] or quoted or match["plain"] or ""
    return variables
