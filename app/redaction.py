"""Taking secrets out of text before it is written down or sent.

Two nets: values that the settings hold are replaced wherever they occur, and what looks like a
secret is replaced by its shape. These are functions of text alone and know no application.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote, quote_plus, unquote

HIDDEN = "[hidden]"

# A shorter value would take half of every other word with it; its shape still gives it away.
SHORTEST = 4

KEYS = ("SECRET_KEY", "MAIL_PASSWORD", "FLASKY_MONITOR_TOKEN")
URLS = (
    "SQLALCHEMY_DATABASE_URI",
    "DATABASE_URL",
    "REDIS_URL",
    "QUEUE_URL",
    "RATELIMIT_STORAGE_URI",
)

# Every quantifier is bounded or ends at a character that the next one cannot take, so that the
# time grows with the length of the text and no faster, whoever wrote the text.
QUOTED = r"""[\[(]?[bru]{0,2}(?:"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)"""
SECRET_WORDS = (
    r"(?:passw(?:or)?d|passphrase|secret(?:[_-]?key)?|api[_-]?key|private[_-]?key|token)"  # noqa: S105 - words, no secret
)
HEADER_WORDS = r"(?:authorization|cookie)"
SHAPES = (
    # The links in letters: whoever has the address can do what the letter allows.
    (re.compile(r"(/auth/(?:reset|confirm|change-email)/)[^\s/?#\"'<>]+"), rf"\1{HIDDEN}"),
    # Whatever itsdangerous has signed: sessions, links, tokens of forms.
    (re.compile(r"(?<![\w-])(?:eyJ|\.eJ|Ij)[\w-]{8,}(?:\.[\w-]{6,}){1,2}"), HIDDEN),
    (re.compile(r"(?<![\w-])flasky_[\w-]{43,}"), HIDDEN),  # what programs send
    (re.compile(r"\|[0-9a-f]{128}(?![0-9a-f])"), f"|{HIDDEN}"),  # “keep me logged in”
    # What PostgreSQL adds to an error: whole rows, with the hash of the password in them, and the
    # statement with its values. Its first line says what is wrong.
    (re.compile(r"(\bDETAIL:\s{1,3})(?:[^\n]|\n(?!\n))+"), rf"\1{HIDDEN}"),
    (re.compile(r"(\bLINE [0-9]{1,9}: )[^\n]+"), rf"\1{HIDDEN}"),
    (re.compile(r"\bscrypt(?::[0-9]{1,9}){3}\$[^\s$]{1,64}\$[0-9a-f]+"), HIDDEN),
    (re.compile(r"(://[^\s:/@\"']*:)[^\s/\"']+@"), rf"\1{HIDDEN}@"),  # a URL with a password
    (re.compile(r"(\bbearer )[\w.~+/=-]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    # `Cookie: …` to the end of the line; `"Cookie": "…"` and `("Cookie", "…")` to the quote.
    (
        re.compile(
            rf"({HEADER_WORDS}(?:[\"']\s{{0,3}}[:=,]|\s?[:=])\s{{0,3}})(?:{QUOTED}|[^\n\"']+)",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    (
        re.compile(
            rf"({SECRET_WORDS}\w{{0,20}}(?:[\"']\s{{0,3}}[:=,]|\s{{0,3}}[:=](?!=))\s{{0,3}})"
            rf"(?:{QUOTED}|[^\s,;&)}}\]\"']+)",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
)
NAMES = re.compile(f"{SECRET_WORDS}|{HEADER_WORDS}", re.IGNORECASE)


def redact(text: str, secrets: Sequence[str] = ()) -> str:
    """Return `text` without `secrets`, and without what is a secret by its shape."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for shape, replacement in SHAPES:
        text = shape.sub(replacement, text)
    return text


def is_secret(name: str) -> bool:
    """Tell whether a value called `name` is hidden whatever it looks like."""
    return NAMES.search(name) is not None


def secrets_of(settings: Mapping[str, object]) -> list[str]:
    """Return the values of `settings` that nobody may read, in every way they are written."""
    values = [settings.get(name) for name in KEYS]
    fallbacks = settings.get("SECRET_KEY_FALLBACKS")
    if isinstance(fallbacks, list | tuple):
        values += fallbacks
    values += [password_in(str(settings.get(name) or "")) for name in URLS]
    found = {str(value) for value in values if value}
    ways = {
        way for value in found for plain in (value, unquote(value)) for way in spellings(plain)
    }
    return sorted(way for way in ways if len(way) >= SHORTEST)


def password_in(url: str) -> str:
    """Return the password in `url` as it stands there, or nothing."""
    match = re.search(r"://[^\s:/@]*:([^\s]+)@", url)
    return match[1] if match else ""


def spellings(value: str) -> Iterator[str]:
    """Yield `value` as it is, and as it looks in an address, in a Python string and in JSON."""
    yield value
    yield from (quote(value, safe=""), quote_plus(value))
    yield from (written(value)[1:-1] for written in (repr, ascii, json.dumps))
