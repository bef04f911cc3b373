"""Env files: quotes, `export`, comments; errors name the line."""

import io
import os

import click
import pytest

from hosting import env_file

VALID = {
    "plain": ("A=b c\nB=2", {"A": "b c", "B": "2"}),
    "empty": ("A=\nB=''\nC=\"\"\n", {"A": "", "B": "", "C": ""}),
    "export": ("export A=1\n  export  B = 2 \n", {"A": "1", "B": "2"}),
    "comments": (
        "# first\n\nA=1 # one\n   # B=2\nC=a#b\nD='#' # hash\nE= # none\n",
        {"A": "1", "C": "a#b", "D": "#", "E": ""},
    ),
    "single quotes": ("A='$HOME \\n \"x\"'\n", {"A": '$HOME \\n "x"'}),
    "double quotes": ('A="it\'s \\"x\\" \\$HOME\\n\\\\ \\d"\n', {"A": "it's \"x\" $HOME\n\\ \\d"}),
    "several lines": ('A="BEGIN\n# text\nEND"\nB=1\n', {"A": "BEGIN\n# text\nEND", "B": "1"}),
    "quotes inside": ("A=it's\nB=x://u:p\"w@h/d?a=b\n", {"A": "it's", "B": 'x://u:p"w@h/d?a=b'}),
    "Windows": ("\ufeffA=1\r\nB='2'\r\n\r\n# c\r\n", {"A": "1", "B": "2"}),
    "the last one counts": ("A=1\nA=2\n", {"A": "2"}),
    "not UTF-8": ("A=\udcff\n", {"A": "\udcff"}),
}  # fmt: skip


def file(text: str) -> io.BytesIO:
    """Return a file with a name."""
    stream = io.BytesIO(os.fsencode(text))
    stream.name = "prod.env"
    return stream


@pytest.mark.parametrize(("text", "variables"), VALID.values(), ids=VALID)
def test_variables_are_read(text: str, variables: dict[str, str]) -> None:
    assert env_file.read(file(text)) == variables


INVALID = {
    "no sign": ("A=1\n\nsecret\n", 3),
    "no name": ("=secret", 1),
    "name": ("A=1\n2A=secret", 2),
    "single quote": ("A='1'\nB='secret\nC=1\n", 2),
    "double quote": ('A="x\ny"\nB="secret\\"\n', 3),
    "text after quotes": ("A='a'secret\n", 1),
    "two words after export": ("export A B=secret\n", 1),
}


@pytest.mark.parametrize(("text", "line"), INVALID.values(), ids=INVALID)
def test_error_names_the_line_without_showing_it(text: str, line: int) -> None:
    with pytest.raises(click.UsageError) as error:
        env_file.read(file(text))

    assert f"Line {line} of prod.env" in error.value.message
    assert "secret" not in error.value.message
