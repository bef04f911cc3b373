"""Syntax highlighting of code by Pygments.

Only some languages, and short code: regular expressions of Pygments take quadratic time for code
that was made for it, and those of other languages, such as C and Java, much longer.
"""

from itertools import groupby
from operator import itemgetter

from markupsafe import escape
from pygments import token
from pygments.lexers import get_lexer_by_name

LANGUAGES = {
    *("bash", "console", "css", "diff", "go", "html", "ini", "javascript", "js", "json"),
    *("kotlin", "py", "python", "rust", "sh", "sql", "toml", "ts", "typescript", "xml", "yaml"),
}
MAX_LENGTH = 2_000  # characters of a block of code
# The class of a token is that of its type, or else of the nearest type above it.
CLASSES = {
    token.Keyword: "k",
    token.Keyword.Constant: "m",
    token.Name.Tag: "k",
    token.Operator.Word: "k",
    token.String: "s",
    token.Generic.Inserted: "s",
    token.Generic.Deleted: "d",
    token.Comment: "c",
    token.Generic.Output: "c",
    token.Number: "m",
    token.Name.Function: "f",
    token.Name.Class: "f",
    token.Name.Decorator: "f",
}


def highlight(code: str, language: str) -> str | None:
    """Return the code as HTML in which tokens have a class; None if it cannot be highlighted."""
    if language.lower() not in LANGUAGES or len(code) > MAX_LENGTH:
        return None
    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    tokens = [(_class_of(kind), text) for kind, text in lexer.get_tokens(code)]
    if "".join(text for _, text in tokens) != code:
        return None
    return "".join(
        _span(name, "".join(text for _, text in group))
        for name, group in groupby(tokens, key=itemgetter(0))
    )


def _class_of(kind: token._TokenType) -> str | None:
    return next((CLASSES[part] for part in reversed(kind.split()) if part in CLASSES), None)


def _span(name: str | None, text: str) -> str:
    return f'<span class="{name}">{escape(text)}</span>' if name else str(escape(text))
